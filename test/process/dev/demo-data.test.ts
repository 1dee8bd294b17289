import { describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { demoCredentials, demoWorkspace, seedDemoData } from '../../../src/dev/demo-data.ts';
import { newEvent } from '../../../src/domain/events/inputs.ts';
import { newList } from '../../../src/domain/lists/inputs.ts';
import { MAX_DEVICES } from '../../../src/domain/shared/limits.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { newUser, number as phoneNumber, userUpdate } from '../../../src/domain/users/inputs.ts';
import { workspaceId, workspaceName } from '../../../src/domain/workspaces/workspaces.ts';
import { createDatabase } from '../../kit/database.ts';
import { settle } from '../../kit/segments/workspace.ts';
import { longTimeouts } from '../../kit/unlimited.ts';

const seed = (db: DatabaseClient) => seedDemoData(db, (tx, id) => createKey(tx, id, scopes, demoCredentials));

describe('the demo data', () => {
  it('has 250 users, both device platforms, six lists and at least twelve kinds of events', async () => {
    await using database = await createDatabase();
    expect(await seed(database.db)).toBe(true);
    const { workspaces, keys, users, devices, lists, listMemberships, events } = await readAll(database.db);

    expect(workspaces).toEqual([{ ...demoWorkspace, deletionRequestedAt: null }]);
    expect(keys).toMatchObject([{ publicKey: 'pk_demo', scopes: [...scopes], revokedAt: null }]);
    expect(users).toHaveLength(250);
    expect(users.filter(({ uidUpdateable }) => uidUpdateable).length).toBeGreaterThan(3);
    expect(users.some(({ uid }) => uid === 'u144')).toBe(false);
    expect(new Set(devices.map(({ platform }) => platform))).toEqual(new Set(['android', 'ios']));
    expect(lists).toHaveLength(6);
    expect(lists.filter(({ archivedAt }) => archivedAt)).toHaveLength(1);
    expect(new Set(listMemberships.map(({ listId }) => listId)).size).toBe(6);
    expect(new Set(listMemberships.map(({ subscribed }) => subscribed)).size).toBe(2);
    expect(new Set(events.map(({ name }) => name)).size).toBeGreaterThanOrEqual(12);
    expect(new Set(events.map(({ value }) => typeof value))).toEqual(
      new Set(['object', 'string', 'number', 'boolean']),
    );
  });

  it('has six segments, whose members are computed, and some of which change as time passes', async () => {
    await using database = await createDatabase();
    const { db } = database;
    await seed(db);
    const [before, after] = [new Date('2026-11-01T00:00:00Z'), new Date('2027-02-01T00:00:00Z')];
    await settle({ db, workspaceId: demoWorkspace.id }, { now: before });
    const read = async () => (await readAll(db)).segmentMemberships;
    const members = await read();
    const counts = [...Map.groupBy(members, ({ segmentId }) => segmentId).values()].map(({ length }) => length);
    expect(counts).toHaveLength(6);
    for (const count of counts) {
      expect(count).toBeGreaterThan(5);
      expect(count).toBeLessThan(245);
    }
    expect(new Set(members.map(({ suppressed }) => suppressed)).size).toBe(2);
    const segments = await db.segment.findMany();
    for (const segment of segments) expect(segment.definitionId).not.toBe(segment.id);
    await settle({ db, workspaceId: demoWorkspace.id }, { now: after });
    expect((await read()).length).not.toBe(members.length);
  });

  it('contains the example user and events of the REST reference', async () => {
    await using database = await createDatabase();
    await seed(database.db);
    const user = await database.db.user.findFirstOrThrow({
      where: { uid: 'a.jinadu@somecorp.email' },
      include: { devices: true, lists: true },
    });
    const memberships = await database.db.segmentMembership.findMany({ where: { userId: user.id } });
    const events = await database.db.event.findMany({ where: { userId: user.id }, orderBy: { id: 'asc' } });

    expect(user).toMatchObject({
      uidUpdateable: true,
      firstName: 'Akinyele',
      lastName: 'Jinadu',
      number: null,
      email: 'a.jinadu@somecorp.email',
      meta: { plan: 'pro', age: 34 },
      createdAt: new Date('2021-01-12T05:24:39.062+00:00'),
      devices: [],
      lists: [],
    });
    expect(memberships).toEqual([]);
    expect(events).toMatchObject([
      {
        name: 'Add to cart',
        value: null,
        properties: { product: 'T123', currency: 'USD', amount: 12.99 },
        timestamp: new Date('2020-05-30T09:30:10Z'),
      },
      { name: 'Paid', value: 49.99, properties: {} },
    ]);
  });

  it('is the same on every fresh database', async () => {
    await using one = await createDatabase();
    await using other = await createDatabase();
    await Promise.all([seed(one.db), seed(other.db)]);

    const { keys: _one, ...rows } = await readAll(one.db);
    const { keys: _other, ...otherRows } = await readAll(other.db);
    expect(rows).toEqual(otherRows);
  });

  it('satisfies the validation rules of inputs', async () => {
    await using database = await createDatabase();
    await seed(database.db);
    const { users, devices, lists, events } = await readAll(database.db);
    const uids = new Map(users.map(({ id, uid }) => [id, uid]));

    expect(workspaceName.parse(demoWorkspace.name)).toBe(demoWorkspace.name);
    expect(workspaceId.parse(demoWorkspace.id)).toBe(demoWorkspace.id);
    for (const user of users) {
      expect(() => (user.uidUpdateable ? userUpdate : newUser).parse(user)).not.toThrow();
      expect(user.number && phoneNumber.parse(user.number)).toBe(user.number);
      if (user.uidUpdateable) expect(user.email).toBe(user.uid);
    }
    for (const device of devices) expect(() => newUser.parse({ uid: 'u1', device })).not.toThrow();
    for (const list of lists) expect(() => newList.parse(list)).not.toThrow();
    for (const event of events) expect(() => newEvent.parse({ ...event, uid: uids.get(event.userId) })).not.toThrow();
    const deviceCounts = [...Map.groupBy(devices, ({ userId }) => userId).values()].map((own) => own.length);
    expect(Math.max(...deviceCounts)).toBe(MAX_DEVICES);
  });

  it('is chronologically consistent and in the past', async () => {
    await using database = await createDatabase();
    await seed(database.db);
    const { users, devices, lists, listMemberships, events } = await readAll(database.db);
    const signUps = new Map(users.map(({ id, createdAt }) => [id, createdAt.getTime()]));
    const listTimes = new Map(lists.map((list) => [list.id, list]));
    const timeSinceSignUp = (userId: string, instant: Date) => instant.getTime() - (signUps.get(userId) ?? Number.NaN);
    const [example, ...others] = users;

    expect(example?.uid).toBe('a.jinadu@somecorp.email');
    for (const rows of [users, lists]) {
      const times = rows.map(({ createdAt }) => createdAt.getTime());
      expect(times, 'in the order of the ids').toEqual(times.toSorted((one, other) => one - other));
    }
    const years = others.map(({ createdAt }) => createdAt.getTime());
    expect(Math.max(...years) - Math.min(...years)).toBeGreaterThan(700 * 86_400_000);
    expect(Math.max(...years)).toBeLessThan(Date.now());
    for (const user of users) expect(user.updatedAt >= user.createdAt).toBe(true);
    for (const { userId, lastSeenAt } of devices) expect(timeSinceSignUp(userId, lastSeenAt)).toBeGreaterThanOrEqual(0);
    for (const { userId, timestamp } of events) {
      if (userId !== example?.id) expect(timeSinceSignUp(userId, timestamp)).toBeGreaterThanOrEqual(0);
    }
    for (const { userId, listId, joinedAt } of listMemberships) {
      const list = listTimes.get(listId);
      expect(timeSinceSignUp(userId, joinedAt)).toBeGreaterThanOrEqual(0);
      expect(list && joinedAt >= list.createdAt && (!list.archivedAt || joinedAt < list.archivedAt)).toBe(true);
    }
  });

  it('is inserted once, also by concurrent starts, and not changed afterwards', async () => {
    await using database = await createDatabase({ timeouts: longTimeouts });
    expect((await Promise.all([seed(database.db), seed(database.db)])).toSorted()).toEqual([false, true]);
    await database.db.user.deleteMany({ where: { uid: 'u1001' } });

    expect(await seed(database.db)).toBe(false);
    expect(await database.db.user.count()).toBe(249);
  });

  it('is inserted completely or not at all', async () => {
    await using database = await createDatabase();
    const failing = seedDemoData(database.db, () => Promise.reject(new Error('interrupted')));
    await expect(failing).rejects.toThrow('interrupted');
    expect(await database.db.workspace.count()).toBe(0);
    expect(await seed(database.db)).toBe(true);
  });
});

/** Every row, in the order of the keys. */
async function readAll(db: DatabaseClient) {
  const orderBy = { id: 'asc' } as const;
  return {
    workspaces: await db.workspace.findMany({ orderBy }),
    keys: await db.apiKey.findMany({ orderBy }),
    users: await db.user.findMany({ orderBy }),
    devices: await db.device.findMany({ orderBy: { token: 'asc' } }),
    lists: await db.list.findMany({ orderBy }),
    listMemberships: await db.listMembership.findMany({ orderBy: [{ listId: 'asc' }, { userId: 'asc' }] }),
    segments: await db.segment.findMany({ orderBy }),
    segmentDefinitions: await db.segmentDefinition.findMany({ orderBy }),
    segmentSuppressions: await db.segmentSuppression.findMany({ orderBy: [{ userId: 'asc' }, { segmentId: 'asc' }] }),
    segmentMemberships: await db.segmentMembership.findMany({ orderBy: [{ segmentId: 'asc' }, { userId: 'asc' }] }),
    events: await db.event.findMany({ orderBy }),
  };
}
