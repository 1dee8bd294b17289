import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { DEPTH_MAXIMUM, maximumDepth, TOKENS_MAXIMUM } from '../../src/graphql/limits.ts';
import { startApp } from '../kit/app.ts';

const schema = buildSchema('type Query { a: Query b: Int }');

/** `{ a { a { b } } }` and so on, as many fields deep as said. */
const nested = (depth: number) => `${'{ a '.repeat(depth - 1)}{ b }${' }'.repeat(depth - 1)}`;

const faults = (document: string) =>
  validate(schema, parse(document), [maximumDepth]).map(({ extensions }) => extensions.code);

it('takes an operation of the greatest depth, and refuses a deeper one', () => {
  expect(faults(nested(DEPTH_MAXIMUM))).toEqual([]);
  expect(faults(nested(DEPTH_MAXIMUM + 1))).toEqual(['LIMIT_EXCEEDED']);
});

it('counts through fragments and inline fragments', () => {
  const half = DEPTH_MAXIMUM / 2;
  const document = (more: number) =>
    nested(half).replace('{ b }', '{ ... on Query { a { ...rest } } }') +
    ` fragment rest on Query ${nested(half + more)}`;
  expect(faults(document(-1))).toEqual([]);
  expect(faults(document(1))).toEqual(['LIMIT_EXCEEDED']);
});

it('comes to an end with fragments that spread each other', () => {
  const document = '{ ...one } fragment one on Query { a { ...two } } fragment two on Query { a { ...one } }';
  expect(faults(document)).toEqual([]);
});

it('comes to an end with fragments that double with each level', () => {
  const fragments = Array.from({ length: 40 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`);
  expect(faults(`{ ...f0 } ${fragments.join(' ')} fragment f40 on Query { b }`)).toEqual([]);
});

it('judges each operation of a document', () => {
  expect(faults(`query one ${nested(2)} query two ${nested(DEPTH_MAXIMUM + 1)}`)).toEqual(['LIMIT_EXCEEDED']);
});

it('refuses a document that is too deep or too long with LIMIT_EXCEEDED, before any SQL', async () => {
  await using app = await startApp();
  await app.send('{ __typename }');
  const deep = `{ users { nodes { ${'lists { list { members { edges { node { '.repeat(3)}id${' } } } } }'.repeat(3)} } } }`;
  const long = `{ ${'viewer { keyId } '.repeat(TOKENS_MAXIMUM / 4)} }`;
  const statements = await app.statementsOf(async () => {
    for (const document of [deep, long]) {
      const { data, errors } = await app.send(document);
      expect({ data, codes: errors?.map(({ extensions }) => extensions.code) }).toEqual({
        data: undefined,
        codes: ['LIMIT_EXCEEDED'],
      });
    }
  });
  expect(statements).toEqual([]);
});
