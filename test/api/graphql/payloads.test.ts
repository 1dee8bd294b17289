import { getNamedType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopes as allScopes, type Scope } from '../../../src/domain/shared/scopes.ts';
import { startApp } from '../../kit/app.ts';
import { declareAll } from '../../kit/filters/declared.ts';
import { rowGlobalId, seedDevices, seedListMembers, seedSegmentMembers } from '../../kit/seed-rows.ts';
import { schemaFields } from '../../kit/walk-schema.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedListMembers(app, 1, [1]);
  await seedDevices(app, [1]);
  await seedSegmentMembers(app, 1, [1]);
});
afterAll(() => app[Symbol.asyncDispose]());

const list = rowGlobalId('List', 1);
const segment = rowGlobalId('Segment', 1);
let last = 0;

/** An unused name. */
function newName(): string {
  last += 1;
  return `new${last}`;
}

/** Adds a device of the user to remove. */
async function newToken(): Promise<string> {
  const token = newName();
  const input = { uid: 'u1', device: { token, platform: 'IOS' } };
  await app.send('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }', { input });
  return token;
}

/** Makes a new user a member of the list. */
async function newMember(): Promise<string> {
  const uid = newName();
  await app.send('mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename } }', {
    input: { uid, listIds: [list] },
  });
  return uid;
}

/** Inputs with which a mutation succeeds. */
const inputs: Record<string, () => Promise<Record<string, unknown>>> = {
  createUser: async () => ({ uid: newName() }),
  updateUser: async () => ({ uid: newName() }),
  addEvent: async () => ({ uid: 'u1', name: 'Paid' }),
  removeDevice: async () => ({ uid: 'u1', token: await newToken() }),
  createList: async () => ({ title: 'New' }),
  declareAttribute: async () => ({ key: newName(), type: 'NUMBER' }),
  undeclareAttribute: async () => {
    await declareAll(app, { plan: 'STRING' });
    return { key: 'plan' };
  },
  setListSubscription: async () => ({ uid: 'u1', listId: list, subscribed: true }),
  removeFromList: async () => ({ uid: await newMember(), listId: list }),
  createSegment: async () => ({ name: 'New', where: {} }),
  setSegmentSuppression: async () => ({ uid: 'u1', segmentId: segment, suppressed: true }),
};

/** A selection of a payload's field, the scopes that the field requires, and the statements that it adds. */
const fields: [mutation: string, field: string, selection: string, scopes: Scope[], statements: string[]][] = [
  ['createUser', 'userEdge', '{ cursor node { id email } }', ['users:read'], []],
  ['updateUser', 'userEdge', '{ cursor node { id email } }', ['users:read'], []],
  ['addEvent', 'eventEdge', '{ cursor node { id name } }', ['events:read', 'users:read'], []],
  ['addEvent', 'user', '{ id email }', ['users:read'], ['readUsers']],
  ['removeDevice', 'removedDeviceId', '', [], []],
  ['removeDevice', 'user', '{ id email }', ['users:read'], ['readUsers']],
  ['createList', 'listEdge', '{ cursor node { id title } }', ['lists:read'], []],
  ['declareAttribute', 'attribute', '{ key type }', [], []],
  ['undeclareAttribute', 'key', '', [], []],
  ['setListSubscription', 'list', '{ id }', [], []],
  ['setListSubscription', 'user', '{ id email }', ['users:read'], ['readUsers']],
  ['setListSubscription', 'edge', '{ id cursor node { id email } }', ['lists:read', 'users:read'], ['readUsers']],
  ['removeFromList', 'removedMembershipId', '', [], []],
  ['removeFromList', 'removedEdgeId', '', [], []],
  ['removeFromList', 'user', '{ id email }', ['users:read'], ['readUsers']],
  ['removeFromList', 'list', '{ id }', [], []],
  ['createSegment', 'segmentEdge', '{ cursor node { id name } }', ['segments:read'], []],
  ['setSegmentSuppression', 'segment', '{ id }', [], ['readSegments']],
  ['setSegmentSuppression', 'user', '{ id email }', ['users:read'], ['readUsers']],
  ['setSegmentSuppression', 'membership', '{ id suppressed }', ['users:read'], ['readSegmentMemberships']],
];

const typeOf = (mutation: string) => `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}`;

/** Sends a mutation that selects something of its payload; returns the response, and the names of its statements. */
async function change(mutation: string, selection: string, caller = app.owner) {
  const input = await inputs[mutation]?.();
  const type = typeOf(mutation);
  const document = `mutation ($input: ${type}Input!) {
    ${mutation}(input: $input) { __typename ... on ${type}Payload { ${selection} } }
  }`;
  await app.send('{ __typename }', {}, caller);
  let answer: Awaited<ReturnType<typeof app.send>> | undefined;
  const statements = await app.statementsOf(async () => {
    answer = await app.send(document, { input }, caller);
  });
  const names = statements.map((text) => /\/\* (\w+) \*\//.exec(text)?.[1] ?? text);
  return { answer, payload: Object(answer?.data)[mutation], statements: names };
}

describe.each(fields)('%s, %s', (mutation, field, selection, scopes, added) => {
  const selected = `${field} ${selection}`;
  const coordinate = `${typeOf(mutation)}Payload.${field}`;

  it('costs a statement only if it is selected and not known', async () => {
    const without = await change(mutation, '__typename');
    const { answer, payload, statements } = await change(mutation, selected);
    expect(answer?.errors).toBeUndefined();
    expect(payload[field]).toEqual(expect.anything());
    expect(statements).toEqual([...without.statements, ...added]);
  });

  it('requires its scopes', async () => {
    const [own] = schemaFields.filter((other) => other.coordinate === coordinate);
    expect(own?.scopes).toEqual(scopes);
    for (const scope of scopes) {
      const caller = await app.withScopes(...allScopes.filter((other) => other !== scope));
      const { answer, statements } = await change(mutation, `${field} { __typename }`, caller);
      expect(answer).toMatchObject({ status: 403, errors: [{ message: expect.stringContaining(coordinate) }] });
      expect(statements).toEqual([]);
    }
  });
});

it('returns the fields without a scope to a caller who can only write', async () => {
  const caller = await app.withScopes('users:identify', 'users:write', 'lists:write', 'segments:write');
  const mutationsThatRead = schemaFields.filter(({ scopes }) => scopes.includes('users:read'));
  for (const [mutation, field, selection, scopes] of fields) {
    if (scopes.length > 0) continue;
    if (mutationsThatRead.some(({ coordinate }) => coordinate === `Mutation.${mutation}`)) continue;
    const { answer, payload } = await change(mutation, `${field} ${selection}`, caller);
    expect(answer).toMatchObject({ status: 200 });
    expect(payload[field], `${mutation} ${field}`).toEqual(expect.anything());
  }
});

it('reads a user once for several fields of a payload', async () => {
  const { statements } = await change('setListSubscription', 'user { email } edge { node { email } }');
  expect(statements.filter((name) => name === 'readUsers')).toEqual(['readUsers']);
});

it('reads the list of a removed membership only for more than its id', async () => {
  const { payload, statements } = await change('removeFromList', 'list { id title }');
  expect(payload.list).toEqual({ id: list, title: 'List 1' });
  expect(statements.slice(-1)).toEqual(['readLists']);
});

it('returns no edge for a user that existed', async () => {
  const document = 'mutation { updateUser(input: { uid: "u1" }) { ... on UpdateUserPayload { userEdge { cursor } } } }';
  expect((await app.send(document)).data).toEqual({ updateUser: { userEdge: null } });
});

it('returns the same removedDeviceId for a device that does not exist to a caller without users:read', async () => {
  const token = await newToken();
  const input = { uid: 'u1', token };
  const document = `mutation ($input: RemoveDeviceInput!) {
    removeDevice(input: $input) { ... on RemoveDevicePayload { removedDeviceId } }
  }`;
  const first = await app.send(document, { input }, app.publicKey);
  expect(first.data).toMatchObject({ removeDevice: { removedDeviceId: expect.any(String) } });
  for (const uid of ['u1', 'nobody'])
    expect((await app.send(document, { input: { ...input, uid } }, app.publicKey)).data).toEqual(first.data);
});

it('has a case for every payload field that returns an object', () => {
  const cases = new Set(fields.map(([mutation, field]) => `${typeOf(mutation)}Payload.${field}`));
  // The objects that are written themselves; their fields require scopes.
  const written =
    /^(CreateUser|UpdateUser|AddEvent|CreateList|UpdateList|ArchiveList|SetListSubscription|CreateSegment|UpdateSegment)Payload\.(user|event|list|membership|segment)$/;
  // Items of bulk mutations contain the payloads of single mutations.
  const others = schemaFields
    .filter(({ type, field }) => type.name.endsWith('Payload') && 'getFields' in getNamedType(field.type))
    .filter(({ type, field }) => getNamedType(field.type).name !== `${type.name.replace(/Payload$/, '')}Item`)
    .filter(({ coordinate }) => !cases.has(coordinate) && !written.test(coordinate));
  expect(others.map(({ coordinate }) => coordinate)).toEqual([]);
});
