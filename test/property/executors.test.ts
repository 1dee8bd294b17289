import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExamples } from '../../src/static-pages/graphiql.ts';
import { graphqlBody, startExecutors } from '../kit/executors.ts';
import { rootOperations } from '../kit/root-operations.ts';
import { rowGlobalId, rowId, seedDevices, seedEvents, seedListMembers, seedSegmentMembers } from '../kit/seed-rows.ts';
import { casesOf, isFullSize } from '../kit/test-size.ts';

let executors: Awaited<ReturnType<typeof startExecutors>>;
beforeAll(async () => {
  executors = await startExecutors();
  for (const place of [executors, { db: executors.db, workspaceId: executors.stranger.workspaceId }]) {
    await seedListMembers(place, 1, [1, 2, 3]);
    await seedSegmentMembers(place, 1, [1, 2, 3]);
    await seedEvents(place, 1, [1, 2]);
    await seedDevices(place, [1]);
  }
});
afterAll(() => executors[Symbol.asyncDispose]());

const names = {
  uid: 'u1',
  token: 'token1',
  user: rowGlobalId('User', 1),
  list: rowGlobalId('List', 1),
  segment: rowGlobalId('Segment', 1),
  event: rowGlobalId('Event', 1),
  declaredKey: 'k1',
  importJob: rowId(2),
  exportJob: rowId(3),
};

/** Replaces what differs between two workspaces: generated ids, instants and names. */
const normalize = (text: string) =>
  text.replaceAll(/"[A-Za-z0-9+/]{50,}={0,2}"|"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '…').replaceAll(/Stranger|Owner/g, '…');

const operations = Object.entries(rootOperations(names, names)).flatMap(([coordinate, sent]) =>
  sent.map(({ document, variables }, number) => ({ coordinate, number, document, variables })),
);

const examples = (await readExamples()).map(({ query, variables }) => ({
  name: query.split('\n')[0],
  document: query,
  variables: JSON.parse(variables ?? '{}'),
}));

it.each([
  ...operations.map(({ coordinate, number, ...sent }) => ({ name: `${coordinate}, ${number}`, ...sent })),
  ...examples,
])('gives the same answer: $name', async ({ document, variables }) => {
  // Each executor writes to its own workspace. Reads share one, because cursors depend on the workspace.
  const other = document.includes('mutation') ? executors.stranger.owner : executors.owner;
  // Repeated, so that caches are used.
  const answers = new Set<string>();
  for (let time = 0; time < 4; time += 1) {
    const [one, two] = await executors.both(graphqlBody(document, { variables }), [executors.owner, other]);
    expect({ ...one, body: normalize(one.body) }).toEqual({ ...two, body: normalize(two.body) });
    answers.add(one.body);
  }
  if (other === executors.owner) expect(answers.size).toBe(1);
});

describe('The audits of GraphQL over HTTP', () => {
  const responses: [unknown, unknown][] = [];
  const audits = serverAudits({
    url: 'http://localhost/graphql',
    fetchFn: async (url: string, init: RequestInit = {}) => {
      const headers = Object.fromEntries(new Headers(init.headers));
      const method = init.method === 'POST' ? 'POST' : 'GET';
      const payload = typeof init.body === 'string' ? init.body : undefined;
      const { pathname, search } = new URL(url);
      const [one, other] = await executors.both({
        method,
        url: pathname + search,
        headers,
        ...(payload === undefined ? {} : { payload }),
      });
      responses.push([one, other]);
      return new Response(one.body, {
        status: one.status,
        headers: { 'content-type': String(one.headers['content-type']) },
      });
    },
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (_id, _name, audit) => {
    responses.length = 0;
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
    expect(responses.length).toBeGreaterThan(0);
    for (const [one, other] of responses) expect(one).toEqual(other);
  });
});

describe('Malformed and other requests', () => {
  const documents = [
    '{ __typename }',
    '{ users(first: 2) { nodes { uid createdAt devices { token } } pageInfo { endCursor } } }',
    'query A { viewer { workspace } } query B { lists { totalCount } }',
    'query ($uid: String!) { user(uid: $uid) { id meta events(first: 1) { nodes { name value } } } }',
    'query ($first: Int = 2, $with: Boolean! = true) { users(first: $first) { nodes { uid @include(if: $with) } } }',
    '{ users(first: 31) { totalCount } viewer { keyId } }',
    '{ nodes(ids: ["x", "y"]) { id } }',
    '{ user(uid: "nobody") { uid } }',
    '{ a: user(uid: "u1") { ...f } b: user(uid: "u2") { ...f } } fragment f on User { uid lists { list { title } } }',
    '{ nobody }',
    '{ users',
    '',
    'mutation { deleteUser(input: { uid: "nobody" }) { __typename ... on Error { code message } } }',
    'subscription { x }',
    readFileSync('examples/operations/03-user-with-everything.graphql', 'utf8'),
    `{ users { nodes { uid } } } #${'x'.repeat(70_000)}`,
  ];

  it.each(documents)('get the same answer: %s', async (query) => {
    const [one, other] = await executors.both(graphqlBody(query));
    expect(one).toEqual(other);
  });

  const anything = fc.oneof(
    fc.constantFrom(null, 0, '', [], {}, true, 'x', [1]),
    fc.json().map((text) => JSON.parse(text)),
  );
  const params = fc.record(
    {
      query: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom<unknown>(...documents) },
        { weight: 1, arbitrary: anything },
      ),
      variables: fc.oneof(
        fc.constantFrom<unknown>({ uid: 'u1' }, { uid: 7 }, { first: 1, with: false }, { first: 'x' }, undefined, null),
        anything,
      ),
      operationName: fc.oneof(fc.constantFrom<unknown>('A', 'B', 'C', '', null, undefined), anything),
      extensions: anything,
      more: anything,
    },
    { requiredKeys: [] },
  );
  const payloads = fc.oneof(
    { weight: 8, arbitrary: params.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string() },
  );
  const accepts = fc.constantFrom(
    undefined,
    '*/*',
    'application/json',
    'application/json, */*',
    'application/json, text/plain, */*',
    'application/graphql-response+json',
    'application/graphql-response+json, application/json;q=0.9',
    'text/html',
    'application/json; charset=utf-16',
  );
  const types = fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'application/graphql+json',
    'text/plain',
  );
  const callers = fc.constantFrom('owner' as const, 'publicKey' as const);

  it('get the same answer, whatever they contain', { timeout: 120_000 }, async () => {
    const statuses = new Set<number>();
    const property = fc.asyncProperty(payloads, accepts, types, callers, async (payload, accept, type, caller) => {
      const headers = { 'content-type': type, ...(accept === undefined ? {} : { accept }) };
      const by = executors[caller];
      const [one, other] = await executors.both({ headers, payload }, [by, by]);
      expect(one).toEqual(other);
      statuses.add(one.status);
    });
    await fc.assert(property, {
      numRuns: casesOf(2_000),
      interruptAfterTimeLimit: 100_000,
      markInterruptAsFailure: true,
    });
    if (isFullSize) expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 400, 403, 406, 415]));
  });
});
