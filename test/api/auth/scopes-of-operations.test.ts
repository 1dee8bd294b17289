import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
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
  [
    'a field that is not skipped',
    `mutation { ${create} { ... on CreateUserPayload { user { email @skip(if: false) } } } }`,
  ],
  ['an included fragment', `mutation { ${create} { ... on CreateUserPayload @include(if: true) { user { email } } } }`],
  [
    'an inline fragment on Node',
    `mutation { ${create} { ... on CreateUserPayload { user { ... on Node { ... on User { email } } } } } }`,
  ],
])('finds a field in %s', async (_where, document) => {
  expect(await outcome(document, app.publicKey)).toEqual(forbidden(email));
});

/** Places of conditions on `email`. `$yes` and `$no` are variables; each condition excludes the field. */
const exclusions = [
  ['a field that is skipped', 'email @skip(if: $yes)'],
  ['a field that is not included', 'email @include(if: $no)'],
  ['a field that is included, but skipped', 'email @include(if: true) @skip(if: $yes)'],
  ['an inline fragment', '... @include(if: $no) { email }'],
  ['a spread', '...Email @skip(if: $yes)'],
  ['a spread in a fragment that is skipped', '...Outer @skip(if: $yes)'],
  ['a spread in a fragment', '...Inner'],
  ['a field that contains the field', 'devices @skip(if: $yes) { token }'],
] as const;

/** A mutation that selects fields of the new user. It uses all its variables and fragments, where they are not executed. */
const createWith = (selection: string, variables = '($yes: Boolean!, $no: Boolean!)') => `
  mutation ${variables} { ${create} { ... on CreateUserPayload { user { uid ${selection} ...Unused @skip(if: true) } } } }
  fragment Email on User { email }
  fragment Outer on User { ...Email }
  fragment Inner on User { ... { ...Email @include(if: $no) } uid }
  fragment Unused on User { ...Outer ...Inner uid @skip(if: $yes) }`;

const created = { answer: { status: 200, data: { createUser: { user: { uid: 'fresh' } } }, errors: [] } };

describe.each(exclusions)('%s', (_where, selection) => {
  afterEach(() => app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'fresh' } }));

  it('requires no scope if a variable excludes it, in each request with the same document', async () => {
    const document = createWith(selection);
    const excluded = { variables: { yes: true, no: false } };
    expect(await outcome(document, app.publicKey, excluded)).toMatchObject(created);
    await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'fresh' } });
    const rejected = await outcome(document, app.publicKey, { variables: { yes: false, no: true } });
    expect(rejected).toMatchObject({ answer: { status: 403 }, statements: [] });
    expect(await outcome(document, app.publicKey, excluded)).toMatchObject(created);
  });

  it('requires no scope if a literal, or the default of a variable, excludes it', async () => {
    const defaults = createWith(selection, '($yes: Boolean = true, $no: Boolean = false)');
    expect(await outcome(defaults, app.publicKey)).toMatchObject(created);
    await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'fresh' } });
    const literals = createWith(selection, '').replaceAll('$yes', 'true').replaceAll('$no', 'false');
    expect(await outcome(literals, app.publicKey)).toMatchObject(created);
  });
});

it('requires the scope of a fragment that is spread twice, and excluded once', async () => {
  const document = createWith('...Email @include(if: $no) ... { ...Email @include(if: $yes) }');
  expect(await outcome(document, app.publicKey, { variables: { yes: true, no: false } })).toEqual(forbidden(email));
});

it('requires the scope if the condition is null, with which the operation cannot be executed', async () => {
  const document = createWith('email @include(if: $no)', '($yes: Boolean = true, $no: Boolean = false)');
  expect(await outcome(document, app.publicKey, { variables: { no: null } })).toEqual(forbidden(email));
});

it('reports an invalid condition rather than the scope that depends on it', async () => {
  const document = createWith('email @include(if: $no)');
  const { answer, statements } = await outcome(document, app.publicKey, { variables: { yes: true, no: 'x' } });
  expect({ answer, statements }).toMatchObject({
    answer: { errors: [expect.stringMatching(/^Variable "\$no" got invalid value "x"/)] },
    statements: [],
  });
});

it('does not check the ids of a field that is skipped', async () => {
  const document = 'query ($id: ID!, $skip: Boolean!) { node(id: $id) @skip(if: $skip) { id } viewer { workspace } }';
  const variables = { id: rowGlobalId('User', 1), skip: true };
  expect(await outcome(document, app.publicKey, { variables })).toMatchObject({ answer: { status: 200 } });
  expect(await outcome(document, app.publicKey, { variables: { ...variables, skip: false } })).toEqual(
    forbidden('Query.node of a User requires the scope users:read'),
  );
});

describe('extensions.missing', () => {
  const missing = async (document: string, caller: string, variables: object = {}) => {
    const { errors } = await app.send(document, variables, caller);
    return errors?.map(({ extensions }) => extensions.missing);
  };
  const users = (...paths: string[]) => paths.map((path) => ({ path: path.split('.'), scope: 'users:read' }));

  it('lists the response path of each field, with aliases, and each scope', async () => {
    const caller = await app.withScopes('users:write');
    const document = `{ all: users { nodes { mail: email ... on User { events { totalCount } } id } } }`;
    expect(await missing(document, caller)).toEqual([
      [
        ...users('all', 'all.nodes.mail'),
        { path: ['all', 'nodes', 'events'], scope: 'events:read' },
        ...users('all.nodes.events'),
      ],
    ]);
  });

  it('lists every path of a fragment, and each path once', async () => {
    const document = `{ a: users { nodes { ...F } edges { node { ...F } } } b: users { nodes { email ...F ...F } } }
      fragment F on User { email ... on User { email } ...G } fragment G on User { firstName }`;
    const fields = (path: string) => [`${path}.email`, `${path}.firstName`];
    expect(await missing(document, app.publicKey)).toEqual([
      expect.toSatisfy((listed) => {
        const expected = users('a', 'b', ...['a.nodes', 'a.edges.node', 'b.nodes'].flatMap(fields));
        expect(listed).toHaveLength(expected.length);
        expect(listed).toEqual(expect.arrayContaining(expected));
        return true;
      }),
    ]);
  });

  it('lists at most 100 paths, also of fragments that double at each level', async () => {
    const levels = Array.from({ length: 60 }, (_, n) => `fragment F${n} on User { ...F${n + 1} ...F${n + 1} }`);
    const document = `{ users { nodes { ...F0 } } } ${levels.join(' ')} fragment F60 on User { email }`;
    expect(await missing(document, app.publicKey)).toEqual([users('users', 'users.nodes.email')]);
    const pages = Array.from({ length: 10 }, (_, n) => `p${n}: users { nodes { ...F } edges { node { ...F } } }`);
    const many = `{ ${pages.join(' ')} } fragment F on User { uidUpdateable firstName lastName number email meta createdAt }`;
    const [listed] = (await missing(many, app.publicKey)) ?? [];
    expect(
      new Set(
        z
          .array(z.unknown())
          .parse(listed)
          .map((item) => JSON.stringify(item)),
      ).size,
    ).toBe(100);
  });

  it('lists types among the ids of a request, and introspection', async () => {
    const ids = [rowGlobalId('User', 1), rowGlobalId('List', 1), rowGlobalId('User', 2)];
    expect(await missing('query ($ids: [ID!]!) { some: nodes(ids: $ids) { id } }', app.publicKey, { ids })).toEqual([
      [...users('some'), { path: ['some'], scope: 'lists:read' }],
    ]);
    expect(await missing('{ __schema { types { name } } }', app.publicKey)).toEqual([
      [{ path: ['__schema'], scope: 'schema:read' }],
    ]);
  });
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
