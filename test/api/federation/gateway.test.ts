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

/** The gateway tells an error of a subgraph at each field that it had asked it for. */
const codesOf = (errors: Answer['errors'] = []) => [...new Set(errors.map(({ extensions }) => extensions.code))];

it('reads an order’s user by uid, with one request to each subgraph', async () => {
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

it('reads the orders of a page of 30 users with two requests in all', async () => {
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

it('goes there and back again: the users of the orders of users, with three requests', async () => {
  const { data, errors, requests } = await graph.ask(
    '{ user(uid: "u20") { orders { user { firstName devices { token } } } } }',
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({ user: { orders: Array(3).fill({ user: { firstName: 'Ada', devices: [] } }) } });
  expect(requests).toEqual([2, 1]);
});

it('changes a user, and reads their orders in the same operation', async () => {
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

it('tells the typed errors of a mutation', async () => {
  const { data } = await graph.ask(`mutation {
    createUser(input: { uid: "not valid!" }) { ... on ValidationError { code issues { path code } } }
  }`);
  expect(data).toEqual({
    createUser: { code: 'VALIDATION_FAILED', issues: [{ path: ['uid'], code: 'INVALID_UID' }] },
  });
});

describe.each([
  ['of an unknown user', 'ghost'],
  ['of another workspace’s user', 'u7000'],
])('an order %s', (_whose, uid) => {
  it('is told, but nothing of the user', async () => {
    const { data, errors } = await graph.ask(`{ order(id: "${uid}-1") { id user { uid firstName email } } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ order: { id: `${uid}-1`, user: { uid, firstName: null, email: null } } });
  });
});

it('says the same of another workspace’s user as of nobody, where a field cannot be null', async () => {
  const about = async (uid: string) => {
    const { data, errors } = await graph.ask(`{ order(id: "${uid}-1") { id user { uid createdAt } } }`);
    return JSON.stringify({ data, errors }).replaceAll(uid, '…');
  };
  expect(await about('u7000')).toBe(await about('ghost'));
});

describe('without the scope', () => {
  it('nothing of the user shows, and the refusal says which scope is missing', async () => {
    const caller = await graph.withScopes('lists:read', 'events:read');
    const { data, errors } = await graph.ask('{ order(id: "u10-1") { id user { uid firstName email } } }', caller);
    const told = JSON.stringify({ data, errors });
    expect(told).not.toMatch(/Ada|ada@|token10/);
    expect(data).toEqual({ order: { id: 'u10-1', user: { uid: 'u10', firstName: null, email: null } } });
    expect(codesOf(errors)).toEqual(['FORBIDDEN']);
    expect(errors?.[0]?.message).toMatch(
      /^Query\._entities, User\.firstName, and User\.email require the scope users:read/,
    );
  });

  it('it does not show whether there is such a user', async () => {
    const about = async (uid: string) => {
      const { data, errors } = await graph.ask(order(uid), graph.publicKey);
      return JSON.stringify({ data, errors }).replaceAll(uid, '…');
    };
    expect(await about('u10')).toBe(await about('ghost'));
  });
});

it('shows nothing of a user to nobody', async () => {
  const { data, errors } = await graph.ask(order('u10'), null);
  expect(JSON.stringify(data)).not.toMatch(/Ada|ada@|token10/);
  expect(codesOf(errors)).toEqual(['UNAUTHENTICATED']);
});
