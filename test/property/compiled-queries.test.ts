import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { seedDevices, seedListMembers } from '../kit/seed-rows.ts';
import { casesOf } from '../kit/test-size.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ compileAfter: 5, limits: { directives: 100, aliases: 100 } });
  await seedListMembers(app, 1, [1, 2, 3]);
  await seedDevices(app, [1, 2]);
});
afterAll(() => app[Symbol.asyncDispose]());

/** Sends a query until graphql-js has executed it, it has been compiled, and the compiled query has been executed. */
async function answersTo(
  body: { query: string; variables?: unknown; operationName?: string },
  times = 8,
): Promise<string[]> {
  const answers: string[] = [];
  for (let time = 0; time < times; time += 1) {
    const { payload } = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', authorization: app.owner, 'x-request-id': 'same' },
      payload: JSON.stringify(body),
    });
    answers.push(payload);
  }
  return answers;
}

const fragment = 'fragment F on User { email }';

describe('A query gets the same answer from graphql-js and from compiled code', () => {
  it.each([
    [
      'a fragment that is included in one place only',
      `query ($x: Boolean!) { a: user(uid: "u1") { uid ...F @include(if: $x) } b: user(uid: "u2") { uid ...F } } ${fragment}`,
      { x: false },
    ],
    [
      'a fragment whose first spread is excluded',
      `query ($x: Boolean!) { user(uid: "u1") { ...F @include(if: $x) ...F uid } } ${fragment}`,
      { x: false },
    ],
    [
      'the order of fields',
      `query ($x: Boolean!) { users(first: 1) { ...T @include(if: $x) nodes { uid ...F } } }
      fragment T on UserConnection { nodes { ...F } } ${fragment}`,
      { x: false },
    ],
    [
      'a null condition',
      'query ($x: Boolean = true, $n: Int = 2) { users(first: $n) { nodes { uid email @include(if: $x) } } }',
      { x: null },
    ],
    ['the response key __proto__', '{ user(uid: "u1") { __proto__: email uid } }', {}],
    ['the response key __proto__ of a root field', '{ __proto__: users(first: 1) { nodes { uid } } }', {}],
    [
      'the response key __proto__ in a fragment',
      '{ user(uid: "u1") { ...P } } fragment P on User { __proto__: email uid }',
      {},
    ],
  ])('%s', async (_what, query, variables) => {
    const [first, ...others] = await answersTo({ query, variables });
    expect(new Set(others)).toEqual(new Set([first]));
  });

  it('another operation of the document, without conditions on its fragments', async () => {
    const query = `query A($x: Boolean!) { user(uid: "u1") { ...F @include(if: $x) uid } }
      query B { user(uid: "u2") { ...F uid } } ${fragment}`;
    await answersTo({ query, operationName: 'A', variables: { x: false } });
    const answers = await answersTo({ query, operationName: 'B' });
    expect(answers[0]).toContain('u2@example.com');
    expect(new Set(answers).size).toBe(1);
  });

  it('fragments whose expansion would be exponential', async () => {
    const levels = Array.from(
      { length: 60 },
      (_, level) => `fragment F${level} on Viewer { ...F${level + 1} ...F${level + 1} }`,
    );
    const query = `{ viewer { ...F0 } } ${levels.join(' ')} fragment F60 on Viewer { workspace }`;
    const [first, ...others] = await answersTo({ query });
    expect(first).toContain('"workspace"');
    expect(new Set(others)).toEqual(new Set([first]));
  });

  it('any query', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(documents, fc.boolean(), fc.boolean(), async (query, a, b) => {
        const [first, ...others] = await answersTo({ query, variables: { a, b } });
        expect(first).not.toContain('"errors"');
        for (const other of others) expect(other).toBe(first);
      }),
      { numRuns: casesOf(500), interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
    );
  });
});

describe('A query that fails gets the same answer before and after it is compiled', () => {
  it.each<[string, string, object, object]>([
    ['a page size out of range', 'query ($n: Int) { users(first: $n) { nodes { uid } } }', { n: 1 }, { n: 31 }],
    ['a malformed cursor', 'query ($c: String) { users(first: 1, after: $c) { nodes { uid } } }', {}, { c: 'x' }],
    [
      'a non-null field of a nullable parent',
      'query ($n: Int) { user(uid: "u1") { uid events(first: $n) { totalCount } devices { token } } viewer { workspace } }',
      { n: 1 },
      { n: 101 },
    ],
    [
      'several fields',
      'query ($m: Int, $n: Int) { a: lists(first: $m) { totalCount } user(uid: "u1") { events(first: $n) { totalCount } } b: segments(first: $m) { totalCount } }',
      { m: 1, n: 1 },
      { m: 0, n: 101 },
    ],
    [
      'several items of a list',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      { r: [{ __typename: 'User', uid: 'u1' }] },
      { r: [{ __typename: 'User', uid: 'u1' }, { __typename: 'User', id: 'x' }, { __typename: 'User' }] },
    ],
  ])('%s', async (_name, query, valid, failing) => {
    const [first] = await answersTo({ query, variables: failing }, 1);
    expect(first).toContain('"errors"');
    for (const answer of await answersTo({ query, variables: valid })) expect(answer).not.toContain('"errors"');
    expect(await answersTo({ query, variables: failing }, 2)).toEqual([first, first]);
  });
});

const conditions = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('@include(if: $a)', '@skip(if: $b)', '@include(if: $a) @skip(if: $b)') },
);

/** Selections of a user: repeated fields, fragments and lists, with and without conditions. */
const { selections } = fc.letrec<{ selections: string; selection: string }>((tie) => ({
  selections: fc.array(tie('selection'), { minLength: 1, maxLength: 4 }).map((all) => all.join(' ')),
  selection: fc.oneof(
    { maxDepth: 3 },
    fc
      .tuple(fc.constantFrom('uid', 'email', 'mail: email', '__typename', '...F', '...G'), conditions)
      .map((parts) => parts.join(' ')),
    fc
      .tuple(
        fc.constantFrom('devices', 'd: devices'),
        conditions,
        fc.constantFrom('token', 'platform', '__typename token'),
      )
      .map(([field, condition, children]) => `${field} ${condition} { ${children} }`),
    fc
      .tuple(conditions, fc.constantFrom('joinedAt', 'list { title }', 'list { ...L }'))
      .map(([condition, children]) => `lists ${condition} { ${children} }`),
    fc
      .tuple(fc.constantFrom('...', '... on User', '... on Node'), conditions, tie('selections'))
      .map(
        ([kind, condition, children]) =>
          `${kind} ${condition} { ${kind === '... on Node' ? 'id __typename' : children} }`,
      ),
  ),
}));

/** G spreads F, so that there are no cycles. All fragments are spread, as validation requires. Half of the documents have no conditions. */
const documents = fc
  .record({
    ofUser: selections,
    ofUsers: selections,
    ofF: fc.constantFrom('email', 'devices { platform }', 'uid mail: email'),
    conditional: fc.boolean(),
  })
  .map(({ ofUser, ofUsers, ofF, conditional }) => {
    const text = `{
      user(uid: "u1") { ${ofUser} ...G lists { list { ...L } } }
      users(first: 2) { nodes { ${ofUsers} } }
      __typename @include(if: $a) @skip(if: $b)
    }
    fragment F on User { ${ofF} }
    fragment G on User { uid ...F }
    fragment L on List { id title }`;
    return conditional ? `query ($a: Boolean!, $b: Boolean!) ${text}` : text.replaceAll(/@\w+\(if: \$\w\)/g, '');
  });
