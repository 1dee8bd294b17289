import fc from 'fast-check';
import {
  buildSchema,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLResolveInfo,
  isInterfaceType,
  isObjectType,
  parse,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { describe, expect, it } from 'vitest';
import { QueuedWriteTimeoutError } from '../../../src/db/errors.ts';
import { NotFoundError } from '../../../src/domain/shared/errors.ts';
import { executeCompiled } from '../../../src/graphql/execution/compiled.ts';

/** How a field ends. `wrong` is a value that its type cannot serialize. */
const outcomes = ['value', 'promise', 'throws', 'rejects', 'error', 'null', 'wrong'] as const;
type Outcome = (typeof outcomes)[number];

interface Context {
  /** Outcomes by path. Other fields give a value. */
  outcomes: Readonly<Record<string, Outcome>>;
  error: Error;
  /** Paths of the fields that were resolved. */
  calls: string[];
}

const schema = buildSchema(`
  interface Node { id: ID! }
  type Thing implements Node {
    id: ID! text: String required: String! thing: Thing requiredThing: Thing! node: Node list: [Thing] requiredList: [Thing!]!
  }
  type Query {
    text: String required: String! thing: Thing requiredThing: Thing! node: Node list: [Thing] requiredList: [Thing!]!
  }
`);
for (const type of Object.values(schema.getTypeMap())) {
  if (isInterfaceType(type)) type.resolveType = () => 'Thing';
  if (isObjectType(type) && !type.name.startsWith('__'))
    for (const field of Object.values(type.getFields()))
      field.resolve = (_parent, _args, context: Context, info) => resolve(context, info);
}

function resolve(context: Context, { path, fieldName }: GraphQLResolveInfo): unknown {
  let key = String(path.key);
  for (let { prev } = path; prev; { prev } = prev) key = `${prev.key}.${key}`;
  context.calls.push(key);
  const isList = fieldName.toLowerCase().endsWith('list');
  const isLeaf = ['id', 'text', 'required'].includes(fieldName);
  const items = () => [0, 1, 2].map((index) => settle(context, `${key}.${index}`, {}));
  const outcome = outcomeOf(context, key);
  if (outcome === 'throws') throw context.error;
  if (outcome === 'wrong' && isLeaf) return {};
  return settle(context, key, isList ? items() : isLeaf ? 'text' : {});
}

/** In lists of non-null items, fields fail asynchronously alone: graphql-js would leave other rejections unhandled. */
function outcomeOf({ outcomes }: Context, key: string): Outcome {
  const outcome = outcomes[key] ?? 'value';
  if (!/requiredList\.\d/.test(key)) return outcome;
  return outcome === 'value' || outcome === 'promise' ? outcome : 'rejects';
}

/** Items of a list cannot throw, and objects are never wrong. */
function settle(context: Context, key: string, value: unknown): unknown {
  const { error } = context;
  const outcome = outcomeOf(context, key);
  if (outcome === 'error') return error;
  if (outcome === 'rejects') {
    const rejected = Promise.reject(error);
    // Executors do not handle the items of a list that failed before.
    rejected.catch(() => undefined);
    return rejected;
  }
  if (outcome === 'null') return null;
  return outcome === 'promise' ? Promise.resolve(value) : value;
}

/** An error as far as the response and the log depend on it. */
const describeError = (error: GraphQLError) => ({ ...error.toJSON(), originalError: String(error.originalError) });
const describeResult = (result: ExecutionResult) =>
  JSON.stringify({ ...result, ...(result.errors && { errors: result.errors.map(describeError) }) });

async function run(query: string, outcomesByPath: Context['outcomes'], error: Error = new NotFoundError('User')) {
  const document = parse(query);
  const argsWith = (calls: string[]): ExecutionArgs => ({
    schema,
    document,
    contextValue: { outcomes: outcomesByPath, error, calls },
  });
  const compiled = compileQuery(schema, document);
  if (!isCompiledQuery(compiled)) throw new Error('The query was not compiled.');
  const calls: string[] = [];
  const result = await executeCompiled(compiled, argsWith(calls));
  return {
    actual: describeResult(result),
    expected: describeResult(await execute(argsWith([]))),
    result,
    isExecutedTwice: new Set(calls).size < calls.length,
  };
}

describe('A compiled query that fails is executed once', () => {
  it.each<[string, string, Context['outcomes']]>([
    ['a nullable field', '{ text thing { id } }', { thing: 'rejects' }],
    ['a nullable field that throws', '{ text thing { text id } }', { 'thing.text': 'throws' }],
    ['a field that gives an error', '{ text thing { text id } }', { 'thing.text': 'error' }],
    ['a non-null field of a nullable parent', '{ text thing { required id } }', { 'thing.required': 'rejects' }],
    ['a non-null field of an item', '{ text list { required id } }', { 'list.1.required': 'throws' }],
    ['a field of an abstract type', '{ node { id ... on Thing { required } } text }', { 'node.required': 'rejects' }],
    ['the only root field, non-null', '{ requiredThing { id } }', { requiredThing: 'rejects' }],
  ])('if one resolver fails: %s', async (_name, query, byPath) => {
    const { actual, expected, result, isExecutedTwice } = await run(query, byPath);
    expect(result.errors).toHaveLength(1);
    expect(actual).toBe(expected);
    expect(isExecutedTwice).toBe(false);
  });

  it('if the database is unavailable, however many fields fail', async () => {
    const byPath = { text: 'rejects', thing: 'rejects', requiredThing: 'throws' } as const;
    const { result, isExecutedTwice } = await run(
      '{ text thing { id } requiredThing { id } }',
      byPath,
      new QueuedWriteTimeoutError('lock'),
    );
    expect(result.errors?.every(({ originalError }) => originalError instanceof QueuedWriteTimeoutError)).toBe(true);
    expect(result.errors?.[0]?.locations).toHaveLength(1);
    expect(isExecutedTwice).toBe(false);
  });
});

describe('A compiled query that fails is executed again by graphql-js', () => {
  it.each<[string, string, Context['outcomes']]>([
    ['two fields fail', '{ text thing { id } }', { text: 'rejects', thing: 'rejects' }],
    ['the data is null, and other root fields can have failed', '{ text required }', { required: 'rejects' }],
    [
      'the data is null because of a nested field',
      '{ requiredThing { required } }',
      { 'requiredThing.required': 'throws' },
    ],
    ['a non-null field has no value', '{ thing { required } text }', { 'thing.required': 'null' }],
    ['a value cannot be serialized', '{ thing { text } }', { 'thing.text': 'wrong' }],
    ['the promise of an item is rejected', '{ list { id } }', { 'list.2': 'rejects' }],
  ])('if %s', async (_name, query, byPath) => {
    const { actual, expected, isExecutedTwice } = await run(query, byPath);
    expect(actual).toBe(expected);
    expect(isExecutedTwice).toBe(true);
  });
});

const selection = fc.letrec<{ fields: string; field: string }>((tie) => ({
  fields: fc.array(tie('field'), { minLength: 1, maxLength: 3 }).map((fields) => fields.join(' ')),
  field: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('text', 'required', 'a: text', 'b: required', '__typename'),
    fc
      .tuple(fc.constantFrom('thing', 'requiredThing', 'c: thing', 'list', 'requiredList'), tie('fields'))
      .map(([name, fields]) => `${name} { ${fields} }`),
    tie('fields').map((fields) => `node { id ... on Thing { ${fields} } }`),
  ),
})).fields;

it('answers like graphql-js, whichever fields fail', { timeout: 30_000 }, async () => {
  const counts = { failedOnce: 0, failedTwice: 0 };
  const property = fc.asyncProperty(
    selection,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...outcomes))),
    async (fields, faults) => {
      const query = `{ ${fields} }`;
      const calls: string[] = [];
      await execute({ schema, document: parse(query), contextValue: { outcomes: {}, error: new Error(), calls } });
      const paths = calls.flatMap((path) =>
        /[lL]ist$/.test(path) ? [path, `${path}.0`, `${path}.1`, `${path}.2`] : path,
      );
      const byPath = Object.fromEntries(faults.map(([index, outcome]) => [paths[index % paths.length] ?? '', outcome]));
      const { actual, expected, result, isExecutedTwice } = await run(query, byPath);
      expect(actual).toBe(expected);
      if (result.errors) counts[isExecutedTwice ? 'failedTwice' : 'failedOnce'] += 1;
    },
  );
  await fc.assert(property, { numRuns: 500 });
  expect(counts.failedOnce).toBeGreaterThan(50);
  expect(counts.failedTwice).toBeGreaterThan(50);
});
