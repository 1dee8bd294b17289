import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { rowGlobalId, seedUsers } from '../../kit/seed-rows.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, [1]);
});
afterAll(() => app[Symbol.asyncDispose]());

/** Sends an operation and returns its status and error messages, and its SQL statements. */
async function outcome(document: string, caller: string, more: { variables?: object; operationName?: string } = {}) {
  await app.send('{ __typename }', {}, caller);
  let answer: unknown;
  const statements = await app.statementsOf(async () => {
    const response = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: caller },
      payload: { query: document, ...more },
    });
    const { data, errors = [] } = response.json<{ data?: unknown; errors?: { message: string }[] }>();
    answer = { status: response.statusCode, data, errors: errors.map(({ message }) => message) };
  });
  return { answer, statements };
}

const forbidden = (fields: string) => ({
  answer: { status: 403, data: undefined, errors: [`${fields}.`] },
  statements: [],
});

const email = 'User.email requires the scope users:read';
const create = 'createUser(input: { uid: "fresh" })';

it('rejects the whole mutation for one field of its payload', async () => {
  const document = `mutation { ${create} { ... on CreateUserPayload { user { id uid email } } } }`;
  expect(await outcome(document, app.publicKey)).toEqual(forbidden(email));
  expect(await app.db.user.count({ where: { uid: 'fresh' } })).toBe(0);
});

it('rejects all root fields for one of them', async () => {
  const document =
    'mutation { addEvent(input: { uid: "u1", name: "x" }) { __typename } deleteUser(input: { uid: "u1" }) { __typename } }';
  expect(await outcome(document, app.publicKey)).toEqual(
    forbidden('Mutation.deleteUser requires the scope users:write'),
  );
  expect(await app.db.event.count()).toBe(0);
});

it.each([
  [
    'a fragment',
    `mutation { ${create} { ...f } } fragment f on CreateUserPayload { user { ...g } } fragment g on User { email }`,
  ],
  [
    'an inline fragment without a type',
    `mutation { ${create} { ... on CreateUserPayload { user { ... { email } } } } }`,
  ],
  ['an alias', `mutation { uid: ${create} { ... on CreateUserPayload { user { uid: email } } } }`],
  ['a field that is skipped', `mutation { ${create} { ... on CreateUserPayload { user { email @skip(if: true) } } } }`],
  [
    'a fragment that is not included',
    `mutation { ${create} { ... on CreateUserPayload @include(if: false) { user { email } } } }`,
  ],
  [
    'an inline fragment on Node',
    `mutation { ${create} { ... on CreateUserPayload { user { ... on Node { ... on User { email } } } } } }`,
  ],
])('finds a field in %s', async (_where, document) => {
  expect(await outcome(document, app.publicKey)).toEqual(forbidden(email));
});

it('names each field without permission once, in one error', async () => {
  const caller = await app.withScopes('events:write');
  const document = '{ users { nodes { email firstName } totalCount } again: users { nodes { email } } }';
  expect(await outcome(document, caller)).toEqual(
    forbidden('Query.users, User.email, and User.firstName require the scope users:read'),
  );
});

it('names all missing scopes of a field', async () => {
  const caller = await app.withScopes('users:write');
  const document = '{ users { nodes { events { totalCount } } } }';
  expect(await outcome(document, caller)).toEqual(
    forbidden('Query.users requires the scope users:read; User.events requires the scopes events:read and users:read'),
  );
});

it('checks only the operation of the document that is executed', async () => {
  const document = `query Allowed { viewer { workspace } } query Forbidden { users { totalCount } }`;
  expect(await outcome(document, app.publicKey, { operationName: 'Allowed' })).toMatchObject({
    answer: { status: 200, data: { viewer: { workspace: 'Owner' } } },
  });
  expect(await outcome(document, app.publicKey, { operationName: 'Forbidden' })).toEqual(
    forbidden('Query.users requires the scope users:read'),
  );
});

it('checks each caller separately for a cached document', async () => {
  const document = '{ users { nodes { uid } } }';
  const allowed = { answer: { status: 200, data: { users: { nodes: [{ uid: 'u1' }] } }, errors: [] } };
  const rejected = forbidden('Query.users requires the scope users:read');
  expect(await outcome(document, app.owner)).toMatchObject(allowed);
  expect(await outcome(document, app.publicKey)).toEqual(rejected);
  expect(await outcome(document, app.owner)).toMatchObject(allowed);
});

it('permits a cached document that was rejected for another caller', async () => {
  const document = '{ users { nodes { id uid } } }';
  expect(await outcome(document, app.publicKey)).toEqual(forbidden('Query.users requires the scope users:read'));
  expect(await outcome(document, app.owner)).toMatchObject({ answer: { status: 200 } });
});

it('checks the ids of each request', async () => {
  const caller = await app.withScopes('lists:read');
  const document = 'query ($id: ID!) { node(id: $id) { id } }';
  const [list, user] = [rowGlobalId('List', 1), rowGlobalId('User', 1)];
  expect(await outcome(document, caller, { variables: { id: list } })).toMatchObject({
    answer: { status: 200 },
  });
  expect(await outcome(document, caller, { variables: { id: user } })).toEqual(
    forbidden('Query.node of a User requires the scope users:read'),
  );
});

it('requires schema:read for introspection, and nothing for __typename', async () => {
  const caller = await app.withScopes('users:read');
  expect(await outcome('{ __schema { types { name } } }', caller)).toEqual(
    forbidden('Query.__schema requires the scope schema:read'),
  );
  expect(await outcome('{ __type(name: "User") { name } }', caller)).toEqual(
    forbidden('Query.__type requires the scope schema:read'),
  );
  expect(await outcome('{ __typename }', caller)).toMatchObject({ answer: { data: { __typename: 'Query' } } });
  const reader = await app.withScopes('schema:read');
  expect(await outcome('{ __type(name: "User") { name } }', reader)).toMatchObject({
    answer: { status: 200 },
  });
});
