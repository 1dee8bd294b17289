import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../kit/app.ts';
import { startGraph } from '../../kit/federation.ts';
import { seedDevices, seedUsers, tens } from '../../kit/seed-rows.ts';

let graph: Awaited<ReturnType<typeof startGraph>>;
beforeAll(async () => {
  graph = await startGraph();
  await seedUsers(graph, tens(60));
  await seedDevices(graph, [10]);
  await graph.db.user.updateMany({ data: { firstName: 'Ada', email: 'ada@example.com' } });
  await seedUsers({ db: graph.db, workspaceId: graph.stranger.workspaceId }, [7000]);
});
afterAll(() => graph[Symbol.asyncDispose]());

const order = (uid: string) => `{ order(id: "${uid}-1") { id user { uid firstName email devices { token } } } }`;

/** The codes of errors: the gateway repeats an error of a subgraph for each field that it requested from it. */
const codesOf = (errors: Answer['errors'] = []) => [...new Set(errors.map(({ extensions }) => extensions.code))];

it('resolves the user of an order by uid, with one request to each subgraph', async () => {
  const { data, errors, requests } = await graph.ask(order('u10'));
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    order: {
      id: 'u10-1',
      user: { uid: 'u10', firstName: 'Ada', email: 'ada@example.com', devices: [{ token: 'token10' }] },
    },
  });
  expect(requests).toEqual([1, 1]);
});

it('resolves the orders of a page of 30 users with one request to each subgraph', async () => {
  const { data, errors, requests } = await graph.ask(
    '{ users(first: 30) { totalCount nodes { uid firstName orders { id user { uid } } } } }',
  );
  expect(errors).toBeUndefined();
  const uids = tens(60)
    .toReversed()
    .slice(0, 30)
    .map((number) => `u${number}`);
  const orders = (uid: string) => [3, 2, 1].map((number) => ({ id: `${uid}-${number}`, user: { uid } }));
  expect(data).toEqual({
    users: { totalCount: 60, nodes: uids.map((uid) => ({ uid, firstName: 'Ada', orders: orders(uid) })) },
  });
  expect(requests).toEqual([1, 1]);
});

it('resolves the users of the orders of a user with three requests', async () => {
  const { data, errors, requests } = await graph.ask(
    '{ user(uid: "u20") { orders { user { firstName devices { token } } } } }',
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({ user: { orders: Array(3).fill({ user: { firstName: 'Ada', devices: [] } }) } });
  expect(requests).toEqual([2, 1]);
});

it("creates a user and resolves the user's orders in the same operation", async () => {
  const { data, errors } = await graph.ask(`mutation {
    updateUser(input: { uid: "new", firstName: "Bo" }) {
      ... on UpdateUserPayload { created user { uid firstName orders { id } } }
      ... on Error { code }
    }
  }`);
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    updateUser: { created: true, user: { uid: 'new', firstName: 'Bo', orders: { length: 3 } } },
  });
  expect(await graph.db.user.count({ where: { workspaceId: graph.workspaceId, uid: 'new' } })).toBe(1);
});

it('passes on the typed errors of a mutation', async () => {
  const { data } = await graph.ask(`mutation {
    createUser(input: { uid: "not valid!" }) { ... on ValidationError { code issues { path code } } }
  }`);
  expect(data).toEqual({
    createUser: { code: 'VALIDATION_FAILED', issues: [{ path: ['uid'], code: 'INVALID_UID' }] },
  });
});

describe.each([
  ['an unknown user', 'ghost'],
  ['a user of another workspace', 'u7000'],
])('an order of %s', (_user, uid) => {
  it('is returned without the fields of the user', async () => {
    const { data, errors } = await graph.ask(`{ order(id: "${uid}-1") { id user { uid firstName email } } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ order: { id: `${uid}-1`, user: { uid, firstName: null, email: null } } });
  });
});

it('returns the same for a user of another workspace as for an unknown user, if a selected field is non-null', async () => {
  const responseFor = async (uid: string) => {
    const { data, errors } = await graph.ask(`{ order(id: "${uid}-1") { id user { uid createdAt } } }`);
    return JSON.stringify({ data, errors }).replaceAll(uid, '…');
  };
  expect(await responseFor('u7000')).toBe(await responseFor('ghost'));
});

describe('without the scope users:read', () => {
  it('returns no field of the user, and an error that names the scope', async () => {
    const caller = await graph.withScopes('lists:read', 'events:read');
    const { data, errors } = await graph.ask('{ order(id: "u10-1") { id user { uid firstName email } } }', caller);
    expect(JSON.stringify({ data, errors })).not.toMatch(/Ada|ada@|token10/);
    expect(data).toEqual({ order: { id: 'u10-1', user: { uid: 'u10', firstName: null, email: null } } });
    expect(codesOf(errors)).toEqual(['FORBIDDEN']);
    expect(errors?.[0]?.message).toMatch(
      /^Query\._entities, User\.firstName, and User\.email require the scope users:read/,
    );
  });

  it('does not reveal whether the user exists', async () => {
    const responseFor = async (uid: string) => {
      const { data, errors } = await graph.ask(order(uid), graph.publicKey);
      return JSON.stringify({ data, errors }).replaceAll(uid, '…');
    };
    expect(await responseFor('u10')).toBe(await responseFor('ghost'));
  });
});

it('returns no field of the user without credentials', async () => {
  const { data, errors } = await graph.ask(order('u10'), null);
  expect(JSON.stringify(data)).not.toMatch(/Ada|ada@|token10/);
  expect(codesOf(errors)).toEqual(['UNAUTHENTICATED']);
});
