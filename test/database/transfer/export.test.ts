import { expect, it } from 'vitest';
import { type ExportOptions, exportRecords } from '../../../src/domain/transfer/export.ts';
import { deleteAbandonedExports } from '../../../src/domain/transfer/export-snapshot.ts';
import { startApp } from '../../kit/app.ts';
import { addDevices, addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';

type App = Awaited<ReturnType<typeof startApp>>;

type Owner = Pick<App, 'db' | 'workspaceId'>;

async function exportText({ db, workspaceId }: Owner, options: Partial<ExportOptions> = {}): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of exportRecords(db, workspaceId, { type: 'users', format: 'ndjson', ...options })) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

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
