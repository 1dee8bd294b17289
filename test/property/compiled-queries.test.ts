import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { seedDevices, seedListMembers } from '../kit/seed-rows.ts';
import { casesOf } from '../kit/test-size.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ compileEagerly: true, limits: { directives: 100, aliases: 100 } });
  await seedListMembers(app, 1, [1, 2, 3]);
  await seedDevices(app, [1, 2]);
});
afterAll(() => app[Symbol.asyncDispose]());

/** A body, asked for as often as a query is executed by graphql-js, and compiled, and found compiled. */
async function answersTo(body: { query: string; variables?: unknown; operationName?: string }): Promise<string[]> {
  const answers: string[] = [];
  for (let time = 0; time < 8; time += 1) {
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

describe('a query is answered as graphql-js answers it, however often it comes', () => {
  it.each([
    [
      'a fragment that is included at one place alone',
      `query ($x: Boolean!) { a: user(uid: "u1") { uid ...F @include(if: $x) } b: user(uid: "u2") { uid ...F } } ${fragment}`,
      { x: false },
    ],
    [
      'a fragment whose first spread is left out',
      `query ($x: Boolean!) { user(uid: "u1") { ...F @include(if: $x) ...F uid } } ${fragment}`,
      { x: false },
    ],
    [
      'fields in the order in which they are met',
      `query ($x: Boolean!) { users(first: 1) { ...T @include(if: $x) nodes { uid ...F } } }
      fragment T on UserConnection { nodes { ...F } } ${fragment}`,
      { x: false },
    ],
    [
      'a condition that is null',
      'query ($x: Boolean = true, $n: Int = 2) { users(first: $n) { nodes { uid email @include(if: $x) } } }',
      { x: null },
    ],
    ['a response key that objects take for their prototype', '{ user(uid: "u1") { __proto__: email uid } }', {}],
    ['such a key of the root', '{ __proto__: users(first: 1) { nodes { uid } } }', {}],
    ['such a key in a fragment', '{ user(uid: "u1") { ...P } } fragment P on User { __proto__: email uid }', {}],
  ])('%s', async (_what, query, variables) => {
    const [first, ...others] = await answersTo({ query, variables });
    expect(new Set(others)).toEqual(new Set([first]));
  });

  it('another operation of the document, whose fragments know no condition', async () => {
    const query = `query A($x: Boolean!) { user(uid: "u1") { ...F @include(if: $x) uid } }
      query B { user(uid: "u2") { ...F uid } } ${fragment}`;
    await answersTo({ query, operationName: 'A', variables: { x: false } });
    const answers = await answersTo({ query, operationName: 'B' });
    expect(answers[0]).toContain('u2@example.com');
    expect(new Set(answers).size).toBe(1);
  });

  it('fragments that would be endless if they were written out', async () => {
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

const conditions = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('@include(if: $a)', '@skip(if: $b)', '@include(if: $a) @skip(if: $b)') },
);

/** Selections of a user: fields that repeat, fragments, and lists beneath, each under a condition or not. */
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
      .map(([field, condition, beneath]) => `${field} ${condition} { ${beneath} }`),
    fc
      .tuple(conditions, fc.constantFrom('joinedAt', 'list { title }', 'list { ...L }'))
      .map(([condition, beneath]) => `lists ${condition} { ${beneath} }`),
    fc
      .tuple(fc.constantFrom('...', '... on User', '... on Node'), conditions, tie('selections'))
      .map(
        ([kind, condition, beneath]) =>
          `${kind} ${condition} { ${kind === '... on Node' ? 'id __typename' : beneath} }`,
      ),
  ),
}));

/** G spreads F, so that none spreads itself. All are spread, or they would be refused as unused. Half know no condition. */
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
