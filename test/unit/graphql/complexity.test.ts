import { readFileSync } from 'node:fs';
import { type ExecutionArgs, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { documents } from '../../../bench/contestants/documents.ts';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { estimate, maxDataBytes } from '../../../src/graphql/checks/complexity.ts';

const argsOf = (document: string): ExecutionArgs => ({ schema: servedSchema, document: parse(document) });

const costOf = (document: string, variableValues?: Record<string, unknown>) =>
  estimate({ ...argsOf(document), variableValues }).complexity;

const everything = 'devices { token } lists { list { title } } segments { segment { name } } events { nodes { name } }';

describe('The complexity', () => {
  it.each<[string, string, number]>([
    ['1 for an object, 0 for its scalars', '{ user(uid: "a") { id uid meta } }', 1],
    ['nested objects', '{ user(uid: "a") { devices { token } } }', 2],
    ['an object per alias', '{ a: user(uid: "a") { uid } b: user(uid: "b") { uid } }', 2],
    ['a page of the default size', '{ users { nodes { uid } } }', 11],
    ['a page of the requested size', '{ users(first: 30) { nodes { uid } } }', 31],
    ['a last page', '{ users(last: 5) { edges { cursor node { uid } } pageInfo { endCursor } } }', 6],
    ['a total count', '{ users(first: 30) { totalCount totalCountIsCapped } }', 33],
    ['nested pages', '{ users(first: 2) { nodes { events(first: 5) { nodes { name } } } } }', 1 + 2 + 2 * 6],
    ['nodes and edges of a page', '{ users { nodes { uid } edges { node { devices { token } } } } }', 21],
    [
      'ten items for a list without pages',
      '{ user(uid: "a") { lists { list { members { totalCount } } } } }',
      1 + 1 + 120,
    ],
    ['0 for a page out of range, which is rejected', '{ users(first: 101) { nodes { devices { token } } } }', 1],
    ['0 for introspection', '{ __schema { types { name } } __typename }', 0],
    ['each id', '{ nodes(ids: ["a", "b", "c"]) { id } }', 3],
    ['a single id instead of a list', '{ nodes(ids: "a") { id } }', 1],
    [
      'the most expensive of several types',
      `{ nodes(ids: ["a", "b"]) { ... on User { devices { token } } ... on Node { id }
      ... on Segment { members(first: 5) { nodes { uid } } } } }`,
      2 * 7,
    ],
    [
      'a fragment for each spread',
      `{ a: user(uid: "a") { ...F } b: user(uid: "b") { ...F } }
      fragment F on User { devices { token } ...G } fragment G on Node { id }`,
      4,
    ],
    [
      'a fragment on a connection, by the page size',
      `{ a: users(first: 1) { ...F } b: users(first: 3) { ...F } }
      fragment F on UserConnection { nodes { devices { token } } }`,
      1 + 1 + 1 + 1 + 3 + 3,
    ],
    [
      'a mutation with its payload',
      'mutation { createList(input: { title: "a" }) { ... on CreateListPayload { list { members { nodes { uid } } } } } }',
      12,
    ],
    [
      'nothing for the edge of a new object',
      'mutation { createUser(input: { uid: "a" }) { ... on CreateUserPayload { userEdge { node { devices { token } } } } } }',
      1 + 1,
    ],
    [
      'the objects of a payload that are read after the change',
      `mutation { setListSubscription(input: { uid: "a", listId: "b", subscribed: true }) {
      ... on SetListSubscriptionPayload { list { title } membership { id } user { email } edge { node { uid } } } } }`,
      1 + 1 + 1,
    ],
    ['a page of users with all relations', `{ users(first: 30) { nodes { ${everything} } } }`, 451],
  ])('counts %s', (_what, document, complexity) => {
    expect(costOf(document)).toBe(complexity);
  });

  it('depends on variables for page sizes, and their defaults', () => {
    const args = argsOf('query ($n: Int = 3, $m: Int) { users(first: $n, last: $m) { nodes { uid } } }');
    const cost = (variableValues?: Record<string, unknown>) => estimate({ ...args, variableValues }).complexity;
    expect([cost(), cost({ n: 7 }), cost(), cost({ n: null }), cost({ n: null, m: 4 })]).toEqual([4, 8, 4, 11, 5]);
    expect(cost({ n: 'x' })).toBe(1);
  });

  it('depends on the number of ids in a variable', () => {
    const document = 'query ($ids: [ID!]! = ["a", "b"]) { nodes(ids: $ids) { id } }';
    expect([costOf(document), costOf(document, { ids: ['a'] }), costOf(document, { ids: 7 })]).toEqual([2, 1, 1]);
  });

  it('counts distinct ids and representations, by type and key', () => {
    const ofIds = (ids: unknown) => costOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect([ofIds(['a', 'b', 'a', 'a']), ofIds(['a', 'A'])]).toEqual([2, 2]);
    const document = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { devices { token } } } }`;
    const ofEntities = (...of: unknown[]) => costOf(document, { of }) / 2;
    const byUid = { __typename: 'User', uid: 'a' };
    expect(ofEntities(...Array(500).fill(byUid))).toBe(1);
    expect(ofEntities(byUid, { uid: 'a', __typename: 'User', country: 'FR' })).toBe(1);
    expect(ofEntities(byUid, { __typename: 'User', uid: 'b' }, { __typename: 'User', id: 'a' })).toBe(3);
    expect(ofEntities({ __typename: 'List', id: 'a' }, { __typename: 'Event', id: 'a' })).toBe(2);
    expect(ofEntities({ ...byUid, id: 'a' }, { ...byUid, id: 'b' }, { ...byUid, id: 'a' })).toBe(2);
    expect(ofEntities({ __typename: 'User', uid: ['a'] }, { __typename: 'User', uid: ['a'] }, null, 7)).toBe(4);
  });

  it('counts distinct literals, and every literal that contains a variable', () => {
    const user = (uid: string) => `{ __typename: "User", uid: ${uid} }`;
    const costOfLiterals = (...uids: string[]) =>
      costOf(`query ($a: String = "x") {
        _entities(representations: [${uids.map(user).join(', ')}]) { __typename }
      }`);
    expect(costOfLiterals('"a"', '"b"', '"a"')).toBe(2);
    expect(costOfLiterals('"a"', '$a', '$a', '"a"')).toBe(3);
    expect(costOf('query ($a: ID!) { nodes(ids: [$a, $a, "b", "b"]) { id } }', { a: 'a' })).toBe(3);
  });

  it('is computed once if no variable determines a size', () => {
    const args = argsOf('query ($after: String) { users(first: 3, after: $after) { nodes { uid } } }');
    const reads: string[] = [];
    const variableValues = new Proxy(
      {},
      { getOwnPropertyDescriptor: (_target, name) => void reads.push(String(name)) },
    );
    for (let time = 0; time < 3; time += 1) expect(estimate({ ...args, variableValues }).complexity).toBe(4);
    expect(reads).toEqual([]);
  });

  it('terminates for fragments that double at each level', () => {
    const levels = Array.from({ length: 200 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`);
    const document = `{ ...f0 } ${levels.join(' ')} fragment f200 on Query { users { nodes { uid } } }`;
    expect(costOf(document)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

it('is within the limit for the benchmark and the examples', () => {
  const examples = ['01-list-users', '02-next-page', '03-user-with-everything', '06-nested-filter'].map((name) =>
    readFileSync(`examples/operations/${name}.graphql`, 'utf8'),
  );
  for (const document of [...Object.values(documents), ...examples])
    expect(costOf(document, { first: 30 })).toBeLessThan(500);
});

describe('The number of objects', () => {
  const objectsOf = (document: string, variableValues?: Record<string, unknown>) =>
    estimate({ ...argsOf(document), variableValues }).objects;

  it('counts repeated representations, whose objects are returned for each of them', () => {
    const document = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { devices { token } } } }';
    expect(objectsOf(document, { of: Array(500).fill({ __typename: 'User', uid: 'a' }) })).toBe(1000);
  });

  it('is the complexity of any other operation', () => {
    for (const document of Object.values(documents)) {
      expect(objectsOf(document, { first: 30 })).toBe(costOf(document, { first: 30 }));
    }
  });
});

describe('The upper bound of the data', () => {
  const MEGABYTE = 1024 * 1024;
  const boundOf = (document: string, variableValues?: Record<string, unknown>) =>
    maxDataBytes({ ...argsOf(document), variableValues });

  it('is small for common queries, whose data is serialized at once', () => {
    expect(boundOf(documents.user)).toBeLessThan(MEGABYTE);
    expect(boundOf(documents.page)).toBeLessThan(16 * MEGABYTE);
  });

  it('counts each alias of an attribute, in each row of nested pages', () => {
    const aliases = Array.from({ length: 28 }, (_, index) => `a${index}: properties`).join(' ');
    const query = `query ($size: Int) { users(first: 30) { nodes { events(first: $size) { nodes { ${aliases} } } } } }`;
    expect(boundOf(query, { size: 30 })).toBeGreaterThan(30 * 30 * 28 * 16 * 1024);
    expect(boundOf(query, { size: 1 })).toBeLessThan(boundOf(query, { size: 2 }));
  });

  it('counts repeated representations', () => {
    const of = (length: number) => ({ of: Array(length).fill({ __typename: 'User', uid: 'a' }) });
    const document = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { meta } } }';
    expect(boundOf(document, of(500))).toBeGreaterThan(500 * 16 * 1024);
  });

  it('counts long aliases', () => {
    const alias = 'a'.repeat(50_000);
    expect(boundOf(`{ users(first: 30) { nodes { ${alias}: uid } } }`)).toBeGreaterThan(30 * 50_000);
  });
});
