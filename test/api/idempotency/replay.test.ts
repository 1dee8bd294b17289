import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { AddEvent, TrackEvent } from '../../kit/operations/events.ts';
import { CreateUser, DeleteUser, SignUpUser, UpdateUser } from '../../kit/operations/users.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await app.db.idempotencyKey.deleteMany();
  await addUser(app, { uid: 'u144' });
});

const paid = { uid: 'u144', name: 'Paid', value: 49.99, properties: { plan: 'pro', age: 34 } };
const ada = { uid: 'ada', firstName: 'Ada', meta: { plan: 'pro', age: 34 } };

const add = async (input: object) => (await app.run(AddEvent, { input: { ...paid, ...input } })).addEvent;
const create = async (input: object) => (await app.run(CreateUser, { input: { ...ada, ...input } })).createUser;

/** Sets the age of all keys, in ms. */
async function age(ms: number): Promise<void> {
  await app.db.idempotencyKey.updateMany({ data: { createdAt: new Date(Date.now() - ms) } });
}

const HOUR = 3_600_000;

describe('a retry with the same key and input', () => {
  it('adds no second event, and returns the first', async () => {
    const first = await add({ idempotencyKey: 'k1' });
    expect(first).toMatchObject({ event: { name: 'Paid', value: 49.99 } });
    expect(await add({ idempotencyKey: 'k1' })).toEqual(first);
    expect(await app.db.event.count()).toBe(1);
  });

  it('creates no second user, and returns the first in its current state', async () => {
    const first = await create({ idempotencyKey: 'k1', device: { token: 't1', platform: 'IOS' } });
    expect(first).toMatchObject({ user: { uid: 'ada', firstName: 'Ada' } });
    await app.run(UpdateUser, { input: { uid: 'ada', firstName: 'Augusta' } });
    const again = await create({ idempotencyKey: 'k1', device: { token: 't1', platform: 'IOS' } });
    expect(again).toMatchObject({ user: { uid: 'ada', firstName: 'Augusta' } });
    expect(await app.db.user.count({ where: { uid: 'ada' } })).toBe(1);
  });

  it('matches with null for an omitted field, and with keys in another order', async () => {
    const first = await add({ idempotencyKey: 'k1', timestamp: null });
    const { properties: _, ...rest } = paid;
    expect(await add({ ...rest, properties: { age: 34, plan: 'pro' }, idempotencyKey: 'k1' })).toEqual(first);
    const bare = await add({ properties: null, value: null, idempotencyKey: 'k2' });
    expect(await add({ properties: {}, value: undefined, idempotencyKey: 'k2' })).toEqual(bare);

    const lists = [(await addList(app)).globalId, (await addList(app)).globalId];
    const created = await create({ idempotencyKey: 'k3', listIds: lists, email: null });
    expect(created).toHaveProperty('user');
    const again = await create({ idempotencyKey: 'k3', listIds: [...lists.toReversed(), lists[0]], number: null });
    expect(again).toEqual(created);
  });

  it('works with the public key alone', async () => {
    const event = { ...paid, idempotencyKey: 'k1' };
    const added = await app.run(TrackEvent, { input: event }, app.publicKey);
    expect(added).toMatchObject({ addEvent: { __typename: 'AddEventPayload' } });
    expect(await app.run(TrackEvent, { input: event }, app.publicKey)).toEqual(added);
    const user = { ...ada, idempotencyKey: 'k2' };
    const created = await app.run(SignUpUser, { input: user }, app.publicKey);
    expect(created).toMatchObject({ createUser: { user: { uid: 'ada' } } });
    expect(await app.run(SignUpUser, { input: user }, app.publicKey)).toEqual(created);
  });

  it('is identified by the key: another key, or none, adds another event', async () => {
    for (const idempotencyKey of ['k1', 'k2', null, undefined]) await add({ idempotencyKey });
    expect(await app.db.event.count()).toBe(4);
  });

  it('does not match a request of another workspace', async () => {
    await addUser({ db: app.db, workspaceId: app.stranger.workspaceId }, { uid: 'u144' });
    const input = { ...paid, idempotencyKey: 'k1' };
    const { addEvent: ours } = await app.run(AddEvent, { input });
    const { addEvent: theirs } = await app.run(AddEvent, { input }, app.stranger.owner);
    expect(theirs).toHaveProperty('event');
    expect(theirs).not.toEqual(ours);
    const other = await app.run(AddEvent, { input: { ...input, name: 'Other' } }, app.stranger.owner);
    expect(other.addEvent).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(await app.db.event.count()).toBe(2);
  });

  it('fails with NotFoundError if the user has been deleted since, and writes nothing', async () => {
    await create({ idempotencyKey: 'k1' });
    await add({ uid: 'ada', idempotencyKey: 'k2' });
    await app.run(DeleteUser, { input: { uid: 'ada' } });
    expect(await create({ idempotencyKey: 'k1' })).toMatchObject({ code: 'NOT_FOUND', resource: 'User' });
    await create({ firstName: 'Another' });
    expect(await add({ uid: 'ada', idempotencyKey: 'k2' })).toMatchObject({ code: 'NOT_FOUND', resource: 'User' });
    const { id: userId } = await app.db.user.findFirstOrThrow({ where: { uid: 'ada' } });
    expect(await app.db.event.count({ where: { userId } })).toBe(0);
  });
});

describe('a key whose row a former release has stored, with a digest without a version', () => {
  const conflict = { code: 'IDEMPOTENCY_CONFLICT', idempotencyKey: 'k1' };

  /** Gives every row the digest that releases up to 0.1.0 stored. */
  async function removeVersions() {
    const rows = await app.db.$executeRaw`
      UPDATE idempotency_keys SET digest = substring(digest FROM 2) WHERE length(digest) = 33 AND workspace_id = ${app.workspaceId}::uuid`;
    expect(rows).toBe(1);
  }

  it('returns the event of the same input, and is rejected with another', async () => {
    const first = await add({ idempotencyKey: 'k1' });
    await removeVersions();
    expect(await add({ idempotencyKey: 'k1' })).toEqual(first);
    expect(await add({ value: 1, idempotencyKey: 'k1' })).toMatchObject(conflict);
  });

  it('returns the user of the same input, and is rejected with another', async () => {
    const input = { idempotencyKey: 'k1', device: { token: 't1', platform: 'IOS' }, createdAt: '2021-01-12T05:24:39Z' };
    const first = await create(input);
    await removeVersions();
    expect(await create(input)).toEqual(first);
    expect(await create({ ...input, device: null })).toMatchObject(conflict);
  });
});

describe('a key that was used with another operation or input', () => {
  const conflict = { code: 'IDEMPOTENCY_CONFLICT', idempotencyKey: 'k1' };

  it('is rejected with another input, even for an unknown user', async () => {
    await add({ idempotencyKey: 'k1' });
    const others = [
      { name: 'Other' },
      { value: 1 },
      { properties: {} },
      { uid: 'nobody' },
      { timestamp: '2026-01-01T00:00:00Z' },
    ];
    for (const other of others) expect(await add({ ...other, idempotencyKey: 'k1' })).toMatchObject(conflict);
    expect(await app.db.event.count()).toBe(1);
  });

  it('is rejected by the other operation', async () => {
    await add({ idempotencyKey: 'k1' });
    expect(await create({ idempotencyKey: 'k1' })).toMatchObject(conflict);
    await create({ idempotencyKey: 'k2' });
    expect(await add({ idempotencyKey: 'k2' })).toMatchObject({ ...conflict, idempotencyKey: 'k2' });
    expect(await app.db.user.count()).toBe(2);
    expect(await app.db.event.count()).toBe(1);
  });
});

describe('a failed write releases its key', () => {
  it('of an event', async () => {
    expect(await add({ uid: 'nobody', idempotencyKey: 'k1' })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await add({ name: '', idempotencyKey: 'k1' })).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await add({ idempotencyKey: 'k1' })).toHaveProperty('event');
  });

  it('of a user', async () => {
    const archived = await addList(app, { archivedAt: new Date() });
    expect(await create({ uid: 'u144', idempotencyKey: 'k1' })).toMatchObject({ code: 'UID_TAKEN' });
    expect(await create({ listIds: [archived.globalId], idempotencyKey: 'k1' })).toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(await create({ idempotencyKey: 'k1' })).toHaveProperty('user');
  });
});

describe('after 24 hours', () => {
  it('a key can be used for another write', async () => {
    await add({ idempotencyKey: 'k1' });
    await create({ idempotencyKey: 'k2' });
    await age(24 * HOUR + 1_000);
    expect(await add({ uid: 'nobody', idempotencyKey: 'k1' })).toMatchObject({ code: 'NOT_FOUND' });
    const other = await add({ name: 'Other', idempotencyKey: 'k2' });
    expect(other).toHaveProperty('event');
    expect(await create({ uid: 'bo', idempotencyKey: 'k1' })).toMatchObject({ user: { uid: 'bo' } });
    expect(await add({ name: 'Other', idempotencyKey: 'k2' })).toEqual(other);
    expect(await add({ idempotencyKey: 'k1' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('and not before, a key expires', async () => {
    const first = await add({ idempotencyKey: 'k1' });
    await age(24 * HOUR - 60_000);
    expect(await add({ idempotencyKey: 'k1' })).toEqual(first);
  });

  it('new keys delete expired rows of their workspace, ten at a time', async () => {
    const rows = (workspaceId: string) =>
      Array.from({ length: 25 }, (_, place) => ({
        workspaceId,
        key: `old${place}`,
        operation: 'addEvent' as const,
        digest: Buffer.alloc(32),
        madeId: workspaceId,
        createdAt: new Date(Date.now() - 25 * HOUR),
      }));
    const { db, workspaceId, stranger } = app;
    for (const id of [workspaceId, stranger.workspaceId]) await db.idempotencyKey.createMany({ data: rows(id) });
    const expired = () => db.idempotencyKey.count({ where: { workspaceId, key: { startsWith: 'old' } } });
    await add({ idempotencyKey: 'k1' });
    expect(await expired()).toBe(15);
    await create({ idempotencyKey: 'k2' });
    expect(await expired()).toBe(5);
    await add({ idempotencyKey: 'k3' });
    expect(await expired()).toBe(0);
    expect(await db.idempotencyKey.count({ where: { workspaceId } })).toBe(3);
    expect(await db.idempotencyKey.count({ where: { workspaceId: stranger.workspaceId } })).toBe(25);
  });
});

describe('the key', () => {
  it.each([
    ['one character', 'k'],
    ['255 of four bytes each', '😀'.repeat(255)],
    ['a UUID', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['of more than one word', 'a b/c"d'],
  ])('may be %s', async (_what, key) => {
    const first = await add({ idempotencyKey: key });
    expect(first).toHaveProperty('event');
    expect(await add({ idempotencyKey: key })).toEqual(first);
  });

  it.each([
    ['empty', '', 'TOO_SHORT'],
    ['of 256 characters', 'x'.repeat(256), 'TOO_LONG'],
    ['of two lines', 'a\nb', 'INVALID_CHARACTER'],
    ['half of a surrogate pair', '\ud800', 'INVALID_CHARACTER'],
  ])('may not be %s, which is reported with the other issues', async (_what, idempotencyKey, code) => {
    const issue = { path: ['idempotencyKey'], code };
    expect(await add({ name: '', idempotencyKey })).toMatchObject({
      issues: expect.arrayContaining([expect.objectContaining(issue), { path: ['name'], code: 'TOO_SHORT' }]),
    });
    expect(await create({ uid: '-', idempotencyKey })).toMatchObject({
      issues: expect.arrayContaining([expect.objectContaining(issue), { path: ['uid'], code: 'INVALID_UID' }]),
    });
  });
});

it('takes one statement for an event, three for a retry, and none without a key', async () => {
  const track = (idempotencyKey?: string) => () => app.run(TrackEvent, { input: { ...paid, idempotencyKey } });
  await track()();
  const withoutKey = await app.statementsOf(track());
  expect(withoutKey).toHaveLength(1);
  expect(withoutKey[0]).not.toContain('idempotency_keys');
  expect(await app.statementsOf(track('k1'))).toHaveLength(1);
  expect(await app.statementsOf(track('k1'))).toHaveLength(3);
  const statements = await app.statementsOf(() => app.run(SignUpUser, { input: ada }));
  expect(statements.join()).not.toContain('idempotency_keys');
});
