import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { checkShape } from '../../../src/graphql/checks/document.ts';

/** The errors of a document with all limits set to 3. */
const errorsOf = (document: string) =>
  checkShape(parse(document), { ...defaultLimits, depth: 3, aliases: 3, rootFields: 3, directives: 3 }).map(
    ({ message, extensions }) => `${extensions.code}: ${message}`,
  );

const exceeded = (what: string) => [`LIMIT_EXCEEDED: The operation ${what}; the limit is 3.`];

it.each<[string, string, string, string]>([
  ['depth', '{ a { b { c } } }', '{ a { b { c { d } } } }', 'nests 4 fields deep'],
  [
    'depth in fragments',
    '{ ...F } fragment F on Q { a { ... on Q { b { c } } } }',
    '{ a { ...F } } fragment F on Q { a { ... on Q { b { c } } } }',
    'nests 4 fields deep',
  ],
  ['aliases', '{ f { a: x b: x c: x } }', '{ f { a: x b: x c: x d: x } }', 'has 4 aliases'],
  [
    'aliases of __typename',
    '{ f { a: __typename b: __typename c: __typename } }',
    '{ f { a: __typename b: __typename c: __typename d: __typename } }',
    'has 4 aliases',
  ],
  [
    'aliases for each spread of their fragment',
    '{ a: x ...F ...F } fragment F on Q { b: x }',
    '{ ...F ...F } fragment F on Q { f { a: x b: x } }',
    'has 4 aliases',
  ],
  ['root fields', '{ a b c }', '{ a b c c }', 'has 4 root fields'],
  [
    'root fields of fragments',
    '{ a ...F } fragment F on Q { b ... on Q { c } }',
    '{ a ...F ...F } fragment F on Q { b ... on Q { __typename } }',
    'has 5 root fields',
  ],
  ['directives of a field', '{ a @x @x @x }', '{ a @x @x @x @x }', 'has 4 directives'],
  [
    'directives in any location',
    'query ($v: Int @x) @x { a @x }',
    'query ($v: Int @x) @x { ...F @x ... @x { a } } fragment F on Q @x { a @x }',
    'has 6 directives',
  ],
])('accepts as many as the limit, and rejects one more: %s', (_name, accepted, rejected, predicate) => {
  expect(errorsOf(accepted)).toEqual([]);
  expect(errorsOf(rejected)).toEqual(exceeded(predicate));
});

it('reports every exceeded limit of every operation', () => {
  expect(errorsOf('query one { a: a { b { c { d } } } b: a c: a d: a } query two { a b c d }')).toEqual([
    ...exceeded('nests 4 fields deep'),
    ...exceeded('has 4 aliases'),
    ...exceeded('has 4 root fields'),
    ...exceeded('has 4 root fields'),
  ]);
});

it('does not count the depth of introspection, which has a validation rule of its own', () => {
  expect(errorsOf('{ __schema { types { fields { type { name } } } } }')).toEqual([]);
});

it('terminates for cyclic fragments', () => {
  expect(errorsOf('{ ...A } fragment A on Q { a { ...B } } fragment B on Q { a { ...A } }')).toEqual([]);
});

it('terminates for fragments that double at each level', () => {
  const levels = Array.from({ length: 200 }, (_, n) => `fragment f${n} on Q { ...f${n + 1} ...f${n + 1} }`);
  expect(errorsOf(`{ ...f0 } ${levels.join(' ')} fragment f200 on Q { b: a }`)).toEqual([
    ...exceeded(`has ${Number.MAX_SAFE_INTEGER} aliases`),
    ...exceeded(`has ${Number.MAX_SAFE_INTEGER} root fields`),
  ]);
});
