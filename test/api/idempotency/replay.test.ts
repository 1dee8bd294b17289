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

/** Lets the keys that there are be as many ms old. */
async function age(ms: number): Promise<void> {
  await app.db.idempotencyKey.updateMany({ data: { createdAt: new Date(Date.now() - ms) } });
}

const HOUR = 3_600_000;

describe('the same input with the same key', () => {
  it('adds one event, and answers with it again', async () => {
    const first = await add({ idempotencyKey: 'k1' });
    expect(first).toMatchObject({ event: { name: 'Paid', value: 49.99 } });
    expect(await add({ idempotencyKey: 'k1' })).toEqual(first);
    expect(await app.db.event.count()).toBe(1);
  });

  it('creates one user, and answers with them again, as they are by then', async () => {
    const first = await create({ idempotencyKey: 'k1', device: { token: 't1', platform: 'IOS' } });
    expect(first).toMatchObject({ user: { uid: 'ada', firstName: 'Ada' } });
    await app.run(UpdateUser, { input: { uid: 'ada', firstName: 'Augusta' } });
    const again = await create({ idempotencyKey: 'k1', device: { token: 't1', platform: 'IOS' } });
    expect(again).toMatchObject({ user: { uid: 'ada', firstName: 'Augusta' } });
    expect(await app.db.user.count({ where: { uid: 'ada' } })).toBe(1);
  });

  it('is the same with null for left out, and its keys in another order', async () => {
    const first = await add({ idempotencyKey: 'k1', timestamp: null });
    const { properties: _, ...rest } = paid;
    expect(await add({ ...rest, properties: { age: 34, plan: 'pro' }, idempotencyKey: 'k1' })).toEqual(first);
    const bare = await add({ properties: null, value: null, idempotencyKey: 'k2' });
    expect(await add({ properties: {}, value: undefined, idempotencyKey: 'k2' })).toEqual(bare);

    const lists = [(await addList(app)).globalId, (await addList(app)).globalId];
    const made = await create({ idempotencyKey: 'k3', listIds: lists, email: null });
    expect(made).toHaveProperty('user');
    const again = await create({ idempotencyKey: 'k3', listIds: [...lists.toReversed(), lists[0]], number: null });
    expect(again).toEqual(made);
  });

  it('needs no more than the public key', async () => {
    const event = { ...paid, idempotencyKey: 'k1' };
    const added = await app.run(TrackEvent, { input: event }, app.publicKey);
    expect(added).toMatchObject({ addEvent: { __typename: 'AddEventPayload' } });
    expect(await app.run(TrackEvent, { input: event }, app.publicKey)).toEqual(added);
    const user = { ...ada, idempotencyKey: 'k2' };
    const made = await app.run(SignUpUser, { input: user }, app.publicKey);
    expect(made).toMatchObject({ createUser: { user: { uid: 'ada' } } });
    expect(await app.run(SignUpUser, { input: user }, app.publicKey)).toEqual(made);
  });

  it('is the key’s alone: another key adds another event, and so does none', async () => {
    for (const idempotencyKey of ['k1', 'k2', null, undefined]) await add({ idempotencyKey });
    expect(await app.db.event.count()).toBe(4);
  });

  it('in another workspace is another one', async () => {
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

  it('finds nobody where the user has been deleted since, and writes nothing', async () => {
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

describe('a key that stands for something else', () => {
  const conflict = { code: 'IDEMPOTENCY_CONFLICT', idempotencyKey: 'k1' };

  it('is refused with another input, whatever has become of the user', async () => {
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

  it('is refused by the other operation', async () => {
    await add({ idempotencyKey: 'k1' });
    expect(await create({ idempotencyKey: 'k1' })).toMatchObject(conflict);
    await create({ idempotencyKey: 'k2' });
    expect(await add({ idempotencyKey: 'k2' })).toMatchObject({ ...conflict, idempotencyKey: 'k2' });
    expect(await app.db.user.count()).toBe(2);
    expect(await app.db.event.count()).toBe(1);
  });
});

describe('a write that fails does not use its key up', () => {
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

describe('24 hours later', () => {
  it('a key is free again, and stands for what it is then used for', async () => {
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

  it('and not before', async () => {
    const first = await add({ idempotencyKey: 'k1' });
    await age(24 * HOUR - 60_000);
    expect(await add({ idempotencyKey: 'k1' })).toEqual(first);
  });

  it('its row goes when others are taken, a few at a time, and of this workspace alone', async () => {
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
    await db.idempotencyKey.createMany({ data: [...rows(workspaceId), ...rows(stranger.workspaceId)] });
    const left = () => db.idempotencyKey.count({ where: { workspaceId, key: { startsWith: 'old' } } });
    await add({ idempotencyKey: 'k1' });
    expect(await left()).toBe(15);
    await create({ idempotencyKey: 'k2' });
    expect(await left()).toBe(5);
    await add({ idempotencyKey: 'k3' });
    expect(await left()).toBe(0);
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
  ])('may not be %s, which is told with the other faults', async (_what, idempotencyKey, code) => {
    const fault = { path: ['idempotencyKey'], code };
    expect(await add({ name: '', idempotencyKey })).toMatchObject({
      issues: expect.arrayContaining([expect.objectContaining(fault), { path: ['name'], code: 'TOO_SHORT' }]),
    });
    expect(await create({ uid: '-', idempotencyKey })).toMatchObject({
      issues: expect.arrayContaining([expect.objectContaining(fault), { path: ['uid'], code: 'INVALID_UID' }]),
    });
  });
});

it('costs an event one statement, its replay three, and who has none nothing', async () => {
  const track = (idempotencyKey?: string) => () => app.run(TrackEvent, { input: { ...paid, idempotencyKey } });
  await track()();
  const plain = await app.statementsOf(track());
  expect(plain).toHaveLength(1);
  expect(plain[0]).not.toContain('idempotency_keys');
  expect(await app.statementsOf(track('k1'))).toHaveLength(1);
  expect(await app.statementsOf(track('k1'))).toHaveLength(3);
  const made = await app.statementsOf(() => app.run(SignUpUser, { input: ada }));
  expect(made.join()).not.toContain('idempotency_keys');
});
