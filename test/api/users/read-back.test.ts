import { getNamedType, isCompositeType, isObjectType } from 'graphql';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { schema } from '../../../src/graphql/schema/index.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await addUser(app, { uid: 'known' });
});

/** Selections of every field of a type, except for some. */
function selectionsOf(typeName: string, except: string[]): string[] {
  const type = schema.getType(typeName);
  if (!isObjectType(type)) throw new Error(`There is no type ${typeName}.`);
  const fields = Object.values(type.getFields()).filter(({ name }) => !except.includes(name));
  return fields.map((field) => `${field.name}${isCompositeType(getNamedType(field.type)) ? ' { __typename }' : ''}`);
}

const fieldsOfUser = selectionsOf('User', ['id', 'uid']);
const create = (fields: string) =>
  `mutation { createUser(input: { uid: "new" }) { ... on CreateUserPayload { user { ${fields} } } } }`;
const update = (fields: string) =>
  `mutation { updateUser(input: { uid: "new" }) { ... on UpdateUserPayload { user { ${fields} } } } }`;
const track = (fields: string) =>
  `mutation { addEvent(input: { uid: "known", name: "Paid" }) { ... on AddEventPayload { event { ${fields} } } } }`;

/** The operation is rejected before any SQL statement, and changes nothing. */
async function expectForbidden(operation: string) {
  await app.send('{ viewer { keyId } }', undefined, app.publicKey);
  const statements = await app.statementsOf(async () => {
    const { data, errors } = await app.send(operation, undefined, app.publicKey);
    expect(data ?? null).toBeNull();
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['FORBIDDEN']));
  });
  expect(statements).toEqual([]);
  expect(await app.db.user.count()).toBe(1);
  expect(await app.db.event.count()).toBe(0);
}

it('tests every field of a user', () => expect(fieldsOfUser.length).toBeGreaterThanOrEqual(12));

describe('the public key alone cannot read the user returned by', () => {
  it.each(fieldsOfUser)('createUser: %s', async (field) => expectForbidden(create(`id ${field}`)));
  it.each(fieldsOfUser)('updateUser: %s', async (field) => expectForbidden(update(`id ${field}`)));
  it.each(['id', 'uid', ...fieldsOfUser])('addEvent: %s', async (field) => expectForbidden(track(`user { ${field} }`)));
});

describe('the public key alone cannot read the event returned by addEvent', () => {
  it.each(selectionsOf('Event', ['id', 'user']))('%s', async (field) => expectForbidden(track(`id ${field}`)));
});

it('returns the ids, and whether the user was created', async () => {
  expect(await app.send(create('id uid'), undefined, app.publicKey)).toMatchObject({
    data: { createUser: { user: { uid: 'new' } } },
  });
  const updateKnown =
    'mutation { updateUser(input: { uid: "known" }) { ... on UpdateUserPayload { created user { id uid } } } }';
  expect(await app.send(updateKnown, undefined, app.publicKey)).toMatchObject({
    data: { updateUser: { created: false, user: { uid: 'known' } } },
  });
  const { data } = await app.send(track('id'), undefined, app.publicKey);
  expect(data).toMatchObject({ addEvent: { event: { id: expect.any(String) } } });
});

it('cannot read with the returned ids', async () => {
  const { globalId } = await addUser(app, { uid: 'other' });
  for (const query of [
    `{ node(id: "${globalId}") { id } }`,
    '{ user(uid: "other") { id } }',
    '{ users { nodes { id } } }',
  ]) {
    expect(await app.send(query, undefined, app.publicKey)).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN', requiredScopes: ['users:read'] } }],
    });
  }
});

it('discloses no sizes to a public key whose attributes exceed the limit', async () => {
  await app.db.user.updateMany({ data: { meta: { stored: 'x'.repeat(200) }, publicMeta: { sent: 'x'.repeat(200) } } });
  const text = `mutation ($meta: Attributes!) { updateUser(input: { uid: "known", meta: $meta }) {
    ... on ValidationError { issues { path code message } } } }`;
  const { data } = await app.send<unknown, object>(text, { meta: { pad: 'x'.repeat(16_300) } }, app.publicKey);
  expect(data).toEqual({
    updateUser: { issues: [{ path: ['meta'], code: 'TOO_LARGE', message: 'must have at most 16384 bytes as JSON' }] },
  });
});
