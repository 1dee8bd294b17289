import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/db/client.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { type ExportOptions, type ExportProgress, exportRecords } from '../../../src/domain/transfer/export.ts';
import { deleteAbandonedExports, SnapshotLostError } from '../../../src/domain/transfer/export-snapshot.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { createDatabase } from '../../kit/database.ts';
import { addDevices, addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';
import { exportText as exportRecordsAsText } from '../../kit/transfer.ts';

type App = Awaited<ReturnType<typeof startApp>>;

type Owner = Pick<App, 'db' | 'workspaceId'>;

const exportText = (owner: Owner, options: Partial<ExportOptions> = {}) =>
  exportRecordsAsText(owner, { type: 'users', format: 'ndjson', ...options });

const linesOf = (text: string) => text.split('\n').slice(0, -1);

/** The exported uids, in order. */
async function exportUids(owner: Owner, options: Partial<ExportOptions> = {}): Promise<string[]> {
  return linesOf(await exportText(owner, options)).map((line) => JSON.parse(line).uid);
}

/** The numbers of snapshots and of their rows in the workspace. */
async function countSnapshots({ db, workspaceId }: Owner) {
  const where = { workspaceId };
  return [await db.exportSnapshot.count({ where }), await db.exportRows.count({ where })];
}

async function addFullUser(app: App) {
  const list = await addList(app, { title: 'News' });
  const user = await addUser(app, {
    uid: 'u1',
    firstName: 'Ada "the first"',
    lastName: '',
    number: '+2348012345678',
    email: 'ada@example.com',
    isAccount: true,
    timeZone: 'Africa/Lagos',
    appVersion: '1.2',
    appBuild: '7',
    appLastActiveAt: new Date('2026-01-02T03:04:05.060Z'),
    createdAt: new Date('2021-01-12T05:24:39Z'),
    meta: { plan: 'pro', age: 0.1, 'a:b.c': true, empty: '' },
  });
  await addDevices(app, user, ['old', 'new']);
  await app.db.$executeRaw`
    UPDATE devices SET last_seen_at = '2026-01-03T00:00:00.123456Z'
    WHERE workspace_id = ${app.workspaceId}::uuid AND token = 'new'`;
  await addToList(app, list, user, false);
  await app.db.listMembership.updateMany({
    where: { workspaceId: app.workspaceId },
    data: { joinedAt: new Date('2026-02-01T00:00:00Z') },
  });
  return { list, user };
}

it('exports users as NDJSON with the fields in a fixed order, without those that are absent', async () => {
  await using app = await startApp();
  const { list } = await addFullUser(app);
  await addUser(app, { uid: 'u2', createdAt: new Date('2021-01-13T05:24:39.5Z') });
  expect(linesOf(await exportText(app))).toEqual([
    `{"uid":"u1","uidUpdateable":false,"firstName":"Ada \\"the first\\"","lastName":"","number":"+2348012345678","email":"ada@example.com","isAccount":true,"timeZone":"Africa/Lagos","appVersion":"1.2","appBuild":"7","appLastActiveAt":"2026-01-02T03:04:05.060Z","createdAt":"2021-01-12T05:24:39.000Z","meta":{"age":0.1,"plan":"pro","a:b.c":true,"empty":""},"devices":[{"token":"new","platform":"android","lastSeenAt":"2026-01-03T00:00:00.123456Z"},{"token":"old","platform":"android","lastSeenAt":"2026-01-01T00:00:00.000Z"}],"lists":[{"id":"${list.id}","subscribed":false,"joinedAt":"2026-02-01T00:00:00.000Z"}]}`,
    `{"uid":"u2","uidUpdateable":false,"createdAt":"2021-01-13T05:24:39.500Z"}`,
  ]);
});

it('exports users as CSV, with a typed column for each attribute, and empty texts that differ from absent ones', async () => {
  await using app = await startApp();
  await addUser(app, {
    uid: 'u1',
    firstName: '',
    lastName: 'Line\none, "two"',
    meta: { plan: '', age: 1e-7, mixed: 1, 'a:b.c;d': true },
    createdAt: new Date('2021-01-12T05:24:39Z'),
  });
  await addUser(app, { uid: 'u2', createdAt: new Date('2021-01-12T05:24:39Z'), meta: { mixed: 'x' } });
  const header =
    'uid,uidUpdateable,firstName,lastName,number,email,isAccount,timeZone,appVersion,appBuild,appLastActiveAt,createdAt,"meta.a:b.c;d:boolean",meta.age:number,meta.mixed:json,meta.plan:string,devices,lists';
  expect(await exportText(app, { format: 'csv' })).toBe(
    [
      header,
      'u1,false,"","Line\none, ""two""",,,,,,,,2021-01-12T05:24:39.000Z,true,1e-7,1,"",,',
      'u2,false,,,,,,,,,,2021-01-12T05:24:39.000Z,,,"""x""",,,',
      '',
    ].join('\n'),
  );
});

it('exports events and lists, and no events of deleted users', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u1' });
  await addUser(app, { uid: 'u2' });
  const timestamp = new Date('2026-01-01T00:00:00Z');
  const add = (uid: string, value: string | number, properties = {}) =>
    addEvent(app.db, actorOf(app), { uid, name: 'Paid', value, properties, timestamp });
  await add('u1', 1.5, { sku: 'a' });
  await add('u2', 2);
  await add('u1', '');
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'u2' } });
  const createdAt = new Date('2026-01-01T00:00:00Z');
  const list = await addList(app, { title: 'Old', description: '', createdAt, archivedAt: createdAt });
  expect(linesOf(await exportText(app, { type: 'events' }))).toEqual([
    '{"uid":"u1","name":"Paid","value":1.5,"properties":{"sku":"a"},"timestamp":"2026-01-01T00:00:00.000Z"}',
    '{"uid":"u1","name":"Paid","value":"","timestamp":"2026-01-01T00:00:00.000Z"}',
  ]);
  expect(linesOf(await exportText(app, { type: 'events', format: 'csv' }))).toEqual([
    'uid,name,value:json,properties.sku:string,timestamp',
    'u1,Paid,1.5,a,2026-01-01T00:00:00.000Z',
    'u1,Paid,"""""",,2026-01-01T00:00:00.000Z',
  ]);
  expect(linesOf(await exportText(app, { type: 'lists' }))).toEqual([
    `{"id":"${list.id}","title":"Old","description":"","createdAt":"2026-01-01T00:00:00.000Z","archivedAt":"2026-01-01T00:00:00.000Z"}`,
  ]);
});

it('exports nothing of an empty workspace except the header of CSV, and nothing of other workspaces', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u1' });
  await addList(app);
  const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
  expect(await exportText(stranger)).toBe('');
  expect(await exportText(stranger, { type: 'lists', format: 'csv' })).toBe(
    'id,title,description,createdAt,archivedAt\n',
  );
  expect(await exportText(stranger, { type: 'events' })).toBe('');
});

it('exports only users who match a filter and are members of a segment', async () => {
  await using app = await startApp();
  const segment = await addSegment(app, 'Some');
  for (const uid of ['u1', 'u2', 'u3', 'u4']) {
    const user = await addUser(app, { uid, meta: { plan: uid < 'u3' ? 'pro' : 'free' } });
    if (uid !== 'u1') await addToSegment(app, segment, user, uid === 'u2');
  }
  await addEvent(app.db, actorOf(app), { uid: 'u3', name: 'Paid' });
  const free = { meta: [{ key: 'plan', string: { eq: 'free' } }] };
  expect(await exportUids(app, { where: free })).toEqual(['u3', 'u4']);
  expect(await exportUids(app, { where: { or: [{ uid: { eq: 'u1' } }, free] } })).toEqual(['u1', 'u3', 'u4']);
  expect(await exportUids(app, { where: { events: [{ name: { eq: 'paid' } }] } })).toEqual(['u3']);
  expect(await exportUids(app, { segmentId: segment.id })).toEqual(['u2', 'u3', 'u4']);
  expect(await exportUids(app, { segmentId: segment.id, where: free })).toEqual(['u3', 'u4']);
  const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
  await expect(exportUids(stranger, { segmentId: segment.id })).rejects.toThrow('Segment not found');
  await expect(exportUids(app, { segmentId: randomUUID() })).rejects.toThrow('Segment not found');
});

/** Inserts users of consecutive uids with one statement. */
async function addManyUsers({ db, workspaceId }: Owner, count: number): Promise<void> {
  const now = new Date();
  const data = Array.from({ length: count }, (_, place) => ({
    workspaceId,
    id: uuidv7(),
    uid: `u${String(place).padStart(6, '0')}`,
    createdAt: now,
    updatedAt: now,
  }));
  await db.user.createMany({ data });
}

it('shows none of the writes that were committed after its snapshot, and holds no transaction while it is read', async () => {
  await using app = await startApp();
  await addManyUsers(app, 1_500);
  const iterator = exportRecords(app.db, app.workspaceId, { type: 'users', format: 'ndjson' });
  const parts = [(await iterator.next()).value ?? Buffer.of()];
  expect((await countSnapshots(app))[0]).toBe(1);
  const open = await app.db.$queryRaw`
    SELECT state, query FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL
      AND pid <> pg_backend_pid()`;
  expect(open).toEqual([]);
  const where = { workspaceId: app.workspaceId, uid: 'u001499' };
  await app.db.user.deleteMany({ where });
  await app.db.user.updateMany({ where: { workspaceId: app.workspaceId }, data: { firstName: 'Ada' } });
  await addUser(app, { uid: 'v' });
  for await (const part of iterator) parts.push(part);
  const records = linesOf(Buffer.concat(parts).toString()).map((line) => JSON.parse(line));
  expect(records).toHaveLength(1_500);
  expect(records.at(-1)).toMatchObject({ uid: 'u001499' });
  expect(records.some(({ firstName }) => firstName !== undefined)).toBe(false);
  expect(await countSnapshots(app)).toEqual([0, 0]);
});

/** A database that calls `run` before the second step of a snapshot. */
function beforeSecondStep(db: Database, run: () => Promise<unknown>): Database {
  let steps = 0;
  const connect = async () => {
    const client = await db.connections.connect();
    const query = client.query.bind(client);
    const queryLater = async (statement: string | { text: string }) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      if (text.includes('findLastOfExportStep')) steps += 1;
      if (steps === 2) {
        // The pool uses the client again.
        Object.assign(client, { query });
        await run();
      }
      return query(statement);
    };
    return Object.assign(client, { query: queryLater });
  };
  return { ...db, connections: { ...db.connections, connect } };
}

it('copies all records of one instant, although others are written between its steps', async () => {
  await using app = await startApp();
  await addManyUsers(app, 500);
  let deleted = 0;
  const db = beforeSecondStep(app.db, async () => {
    ({ count: deleted } = await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId } }));
  });
  const parts: Buffer[] = [];
  for await (const part of exportRecords(db, app.workspaceId, { type: 'users', format: 'ndjson' })) parts.push(part);
  expect(deleted).toBe(500);
  const uids = linesOf(Buffer.concat(parts).toString()).map((line) => JSON.parse(line).uid);
  expect(uids).toHaveLength(500);
  expect(uids).toEqual([...uids].sort());
});

it('reports its progress: records copied, then records written', async () => {
  await using app = await startApp();
  await addManyUsers(app, 500);
  const reached: ExportProgress[] = [];
  await exportText(app, { onProgress: (progress) => reached.push(progress) });
  // The size of later steps depends on their duration.
  expect(reached[0]).toEqual({ copied: 200, isComplete: false, written: 0 });
  expect(reached).toContainEqual({ copied: 500, isComplete: false, written: 0 });
  expect(reached).toContainEqual({ copied: 500, isComplete: true, written: 0 });
  expect(reached.at(-1)).toEqual({ copied: 500, isComplete: true, written: 500 });
});

it.each(['while it copies', 'while it is read'])('deletes its snapshot if it is aborted %s', async (when) => {
  await using app = await startApp();
  await addManyUsers(app, 500);
  const abortion = new AbortController();
  const exporting = exportText(app, {
    signal: abortion.signal,
    onProgress: ({ isComplete }) => {
      if (isComplete === (when === 'while it is read')) abortion.abort(new Error('enough'));
    },
  });
  await expect(exporting).rejects.toThrow('enough');
  expect(await countSnapshots(app)).toEqual([0, 0]);
});

it('deletes its snapshot if its reader stops', async () => {
  await using app = await startApp();
  await addManyUsers(app, 500);
  for await (const _ of exportRecords(app.db, app.workspaceId, { type: 'users', format: 'ndjson' })) break;
  expect(await countSnapshots(app)).toEqual([0, 0]);
});

it('fails instead of omitting records if its snapshot is gone; only those of killed exports are deleted', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const { id: workspaceId } = await createWorkspace(db, 'Acme');
  await addManyUsers({ db, workspaceId }, 1_000);
  const iterator = exportRecords(db, workspaceId, { type: 'users', format: 'ndjson' });
  await iterator.next();
  expect(await deleteAbandonedExports(db)).toBe(0);
  await db.$executeRaw`UPDATE export_snapshots SET heartbeat_at = ${new Date(Date.now() - 11 * 60_000)}`;
  expect(await deleteAbandonedExports(db)).toBe(1);
  expect(await countSnapshots({ db, workspaceId })).toEqual([0, 0]);
  const rest = async () => {
    for await (const _ of iterator);
  };
  await expect(rest()).rejects.toThrow(SnapshotLostError);
});

it('rejects CSV with too many attributes, and exports them as NDJSON', async () => {
  await using app = await startApp();
  for (let user = 0; user < 6; user += 1) {
    const keys = Array.from({ length: 200 }, (_, place) => [`key${user}-${place}`, place]);
    await addUser(app, { meta: Object.fromEntries(keys) });
  }
  await expect(exportText(app, { format: 'csv' })).rejects.toThrow('more than 1000 different attributes');
  expect(linesOf(await exportText(app))).toHaveLength(6);
  expect(await countSnapshots(app)).toEqual([0, 0]);
});
