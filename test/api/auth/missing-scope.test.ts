import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopes as allScopes } from '../../../src/domain/shared/scopes.ts';
import { startApp } from '../../kit/app.ts';
import { rootOperations } from '../../kit/root-operations.ts';
import { rowGlobalId, rowId, seedEvents, seedListMembers, seedSegmentMembers } from '../../kit/seed-rows.ts';
import { rootFields } from '../../kit/walk-schema.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedListMembers(app, 1, [1]);
  await seedSegmentMembers(app, 1, [1]);
  await seedEvents(app, 1, [1]);
});
afterAll(() => app[Symbol.asyncDispose]());

const [user, list, segment, event] = (['User', 'List', 'Segment', 'Event'] as const).map((type) =>
  rowGlobalId(type, 1),
);

/** Makes the gateway cache the caller's key, so that its lookup does not count as a statement. */
const cacheKey = async (caller: string) => {
  await app.send('{ __typename }', {}, caller);
  return caller;
};

/** Sends an operation and returns its answer and its SQL statements. */
async function answer(document: string, variables: object, caller: string) {
  let answered: unknown;
  const statements = await app.statementsOf(async () => {
    const { status, data, errors } = await app.send(document, variables, caller);
    answered = { status, data, errors: errors?.map(({ message, extensions }) => ({ message, ...extensions })) };
  });
  return { answered, statements };
}

/** The expected rejection of an operation because of one field: no data and no SQL. */
const rejection = (field: string, ...missing: string[]) => ({
  answered: {
    status: 403,
    data: undefined,
    errors: [
      expect.objectContaining({
        code: 'FORBIDDEN',
        message: `${field} requires the scope ${missing.join(' and ')}.`,
        requiredScopes: missing,
      }),
    ],
  },
  statements: [],
});

/** Arguments. No user has the uid, and no segment has the id, so that permitted mutations change nothing. */
const names = {
  uid: 'nobody',
  token: 't1',
  user: `${user}`,
  list: `${list}`,
  segment: rowGlobalId('Segment', 2),
  event: `${event}`,
  declaredKey: 'k1',
  importJob: rowId(2),
  exportJob: rowId(3),
};
const fieldsWithScopes = rootFields.filter(({ scopes }) => scopes.length > 0);

describe.each(fieldsWithScopes)('$coordinate', ({ coordinate, scopes }) => {
  const [sent] = rootOperations(names, names)[coordinate] ?? [];
  const { document = '', variables = {} } = sent ?? {};

  it.each(scopes)('is rejected before any SQL without %s, even with all other scopes', async (scope) => {
    const caller = await cacheKey(await app.withScopes(...allScopes.filter((other) => other !== scope)));
    expect(await answer(document, variables, caller)).toEqual(rejection(coordinate, scope));
  });

  it('is permitted with exactly its scopes', async () => {
    const { answered } = await answer(document, variables, await app.withScopes(...scopes));
    expect(answered).toMatchObject({ status: 200, data: expect.anything(), errors: undefined });
  });
});

describe('node and nodes require the scope of each id’s type', () => {
  const types = [
    { type: 'User', id: user, scope: 'users:read' as const },
    { type: 'List', id: list, scope: 'lists:read' as const },
    { type: 'Segment', id: segment, scope: 'segments:read' as const },
    { type: 'Event', id: event, scope: 'events:read' as const },
  ];

  it.each(types)('a $type, its id as a literal or a variable, alone or among others', async ({ type, id, scope }) => {
    const caller = await cacheKey(await app.withScopes(...allScopes.filter((other) => other !== scope)));
    const ofNode = rejection(`Query.node of a ${type}`, scope);
    const ofNodes = rejection(`Query.nodes of a ${type}`, scope);
    const ids = types.map((other) => other.id);
    expect(await answer(`{ node(id: "${id}") { __typename } }`, {}, caller)).toEqual(ofNode);
    expect(await answer('query ($id: ID!) { node(id: $id) { id } }', { id }, caller)).toEqual(ofNode);
    expect(await answer(`query ($id: ID! = "${id}") { node(id: $id) { id } }`, {}, caller)).toEqual(ofNode);
    expect(await answer(`{ nodes(ids: ${JSON.stringify(ids)}) { id } }`, {}, caller)).toEqual(ofNodes);
    expect(await answer('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }, caller)).toEqual(ofNodes);
    expect(await answer('query ($id: ID!) { nodes(ids: [$id]) { id } }', { id }, caller)).toEqual(ofNodes);
    expect(await answer('query ($id: ID!) { nodes(ids: $id) { id } }', { id }, caller)).toMatchObject({
      statements: [],
    });
  });

  it.each(types)('a $type is read with its scope alone', async ({ type, id, scope }) => {
    const { answered } = await answer(
      'query ($id: ID!) { node(id: $id) { __typename id } }',
      { id },
      await app.withScopes(scope),
    );
    expect(answered).toMatchObject({ status: 200, data: { node: { __typename: type, id } } });
  });

  it('answers the same whether the object exists or not', async () => {
    const caller = await cacheKey(await app.withScopes('events:write'));
    const document = 'query ($id: ID!) { node(id: $id) { id } }';
    expect(await answer(document, { id: user }, caller)).toEqual(
      await answer(document, { id: rowGlobalId('User', 99) }, caller),
    );
  });
});
