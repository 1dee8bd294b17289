import { getIntrospectionQuery, getOperationAST, parse } from 'graphql';
import { expect, it } from 'vitest';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { compiledSelections, MAX_COMPILED_SELECTIONS } from '../../../src/graphql/execution/compilable.ts';
import { readExamples } from '../../../src/static-pages/graphiql.ts';

/** Selections of the first query of a document. */
function selectionsOf(text: string): number {
  const document = parse(text);
  const operation = document.definitions.find((node) => node.kind === 'OperationDefinition');
  if (!operation) throw new Error('The document has no operation.');
  return compiledSelections(servedSchema, document, operation);
}

const doubling = (levels: number) => {
  const fragments = Array.from(
    { length: levels },
    (_, level) => `fragment F${level} on Viewer { ...F${level + 1} ...F${level + 1} }`,
  );
  return `{ viewer { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Viewer { keyId }`;
};

it.each([
  ['{ viewer { keyId } }', 2],
  ['{ viewer { key: keyId ...F } } fragment F on Viewer { ... on Viewer { workspace } }', 3],
  ['query A { viewer { keyId ...F } } query B { viewer { ...F } } fragment F on Viewer { scopes }', 3],
  ['query ($id: ID!) { node(id: $id) { id } }', 1 + 4],
  ['{ node(id: "x") { id ... on User { uid email devices { token } } ... on List { title } } }', 1 + 4 + 4 + 1],
  ['{ user(uid: "u1") { ... on Node { id } ... on User { ... on List { id } } } }', 2],
  ['{ __schema { types { name } } __typename }', 4],
  [`{ viewer { ${'keyId '.repeat(199)} } }`, 200],
  [doubling(7), 1 + 128],
])('counts the selections of %s', (text, selections) => {
  expect(selectionsOf(text)).toBe(selections);
});

it('compiles the examples', async () => {
  const queries = (await readExamples()).filter(({ query }) => getOperationAST(parse(query))?.operation === 'query');
  expect(queries.length).toBeGreaterThan(2);
  for (const { query } of queries) expect(selectionsOf(query)).toBeLessThanOrEqual(MAX_COMPILED_SELECTIONS);
});

it.each([
  '{ viewer @include(if: true) { keyId } }',
  '{ viewer { keyId @skip(if: false) } }',
  '{ ... @include(if: true) { viewer { keyId } } }',
  '{ viewer { ...F @include(if: true) } } fragment F on Viewer { keyId }',
  '{ viewer { ...F } } fragment F on Viewer { keyId @include(if: true) }',
  'query A { viewer { keyId } } query B { viewer { keyId @include(if: true) } }',
  '{ __proto__: viewer { keyId } }',
  '{ viewer { ...F } } fragment F on Viewer { __proto__: keyId }',
  'query ($id: ID!) { nodes(ids: [$id]) { id } }',
  'query ($name: String) { user(uid: "u1") { events(where: { name: $name }) { totalCount } } }',
  'query ($uid: String) { _entities(representations: [{ __typename: "User", uid: $uid }]) { __typename } }',
  `{ viewer { ${'keyId '.repeat(200)} } }`,
  doubling(8),
  doubling(600),
  getIntrospectionQuery(),
  `{ nodes(ids: []) { id ${Array.from({ length: 50 }, (_, k) => `a${k}: id`).join(' ')} } }`,
])('does not compile %s', (text) => {
  expect(selectionsOf(text)).toBe(Number.POSITIVE_INFINITY);
});
