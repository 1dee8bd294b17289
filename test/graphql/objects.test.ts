import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';

/** 40 pages of 100 members, of lists, of members, of lists, of 30 users: what no page size alone forbids. */
const aliases = Array.from({ length: 40 }, (_, place) => `m${place}: members(first: 100) { edges { cursor } }`);
const bomb = `{ users(first: 30) { nodes { lists { list { members(first: 100) { edges { node { lists { list {
  ${aliases.join(' ')} } } } } } } } } } }`;

describe('an operation that asks for more than 20,000 objects', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each([
    ['by pages within pages', bomb],
    [
      'by fragments that spread fragments',
      `{ users(first: 30) { ...A } }
      fragment A on UserConnection { nodes { a: events(first: 100) { ...E } b: events(first: 100) { ...E } } }
      fragment E on EventConnection { edges { node { user { ...U } } } }
      fragment U on User { c: events(first: 10) { nodes { id } } }`,
    ],
    [
      'by representations, which may all be malformed',
      `query ($r: [_Any!]! = [${Array(500).fill('0')}]) { ${Array.from({ length: 5 }, (_, n) => `a${n}: _entities(representations: $r) { __typename }`).join(' ')} }`,
    ],
    [
      'by the nodes of ids',
      `{ nodes(ids: [${Array(100).fill('"a"')}]) { ... on Segment { members(first: 100) { nodes { devices { token } } } } } }`,
    ],
    [
      'by variables',
      'query ($n: Int = 100) { lists(first: $n) { nodes { members(last: $n) { edges { node { lists { subscribed } } } } } } }',
    ],
  ])('is refused with the numbers, before any SQL: %s', async (_how, text) => {
    let answer: Awaited<ReturnType<typeof app.send>> | undefined;
    const statements = await app.statementsOf(async () => {
      answer = await app.send(text);
    });
    expect(answer?.errors).toEqual([
      {
        message: expect.stringMatching(/^The operation asks for up to \d{5,} objects; the limit is 20000\./),
        extensions: { code: 'LIMIT_EXCEEDED' },
      },
    ]);
    expect(
      statements.filter((statement) => !statement.includes('api_keys') && !statement.includes('workspaces')),
    ).toEqual([]);
  });

  it.each([
    [
      'all lists of a page with all members of a page',
      '{ lists(first: 100) { nodes { id members(first: 100) { edges { cursor node { uid } } } } } }',
    ],
    [
      'a page of users with everything',
      '{ users(first: 30) { nodes { devices { token } lists { list { title } } segments { segment { name } } events(first: 50) { nodes { name } } } } }',
    ],
    [
      'the same fragment many times',
      `{ ${Array.from({ length: 50 }, (_, n) => `a${n}: user(uid: "a") { ...F }`).join(' ')} } fragment F on User { uid ...G } fragment G on User { events { totalCount } }`,
    ],
    ['introspection', '{ __schema { types { fields { args { type { ofType { name } } } } } } }'],
  ])('is not: %s', async (_what, text) => {
    expect(await app.send(text)).not.toHaveProperty('errors');
  });
});
