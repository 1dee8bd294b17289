import { expect, it } from 'vitest';
import { changesAfter, currentSnapshot } from '../../../src/domain/changes/feed.ts';
import { repairAfterRestore } from '../../../src/domain/changes/repair.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addUser } from '../../kit/factories.ts';
import { Changes } from '../../kit/operations/changes.ts';
import { UpdateUser } from '../../kit/operations/users.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Far more transactions than the tests of a server run. */
const FUTURE = 2 ** 52;

/** Inserts changes with ids of transactions of another server. */
const insertRestored = ({ db, workspaceId }: App, count: number) =>
  db.change.createMany({
    data: Array.from({ length: count }, (_, place) => ({
      workspaceId,
      xid: FUTURE + Math.floor(place / 3),
      at: new Date(),
      keyId: 'cli',
      action: 'updateList' as const,
    })),
  });

const consume = ({ db, workspaceId }: App, name: string, snapshot: string) =>
  db.$executeRaw`INSERT INTO change_consumers (workspace_id, name, snapshot) VALUES (${workspaceId}::uuid, ${name}, ${snapshot})`;

/** Repairs, and returns the workspaces whose segments are computed again. */
async function repair({ db }: App) {
  const again: string[] = [];
  const isRepaired = await repairAfterRestore(db, {
    computeSegmentsAgain: async (workspaceId) => {
      again.push(workspaceId);
      await db.$executeRaw`UPDATE change_consumers SET snapshot = pg_current_snapshot()::text WHERE name = 'segments'`;
    },
  });
  return { isRepaired, again };
}

it('changes nothing in a database that has not been restored', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addUser(app, { uid: 'ada' });
  await app.run(UpdateUser, { input: { uid: 'ada', firstName: 'Ada' } });
  await consume(app, 'segments', await currentSnapshot(app.db, app.workspaceId));
  await consume(app, 'log-retention', '1-9223372036854775807');
  const before = await app.db.change.findMany();
  expect(await repair(app)).toEqual({ isRepaired: false, again: [] });
  expect(await app.db.change.findMany()).toEqual(before);
});

it('ends between two steps when it is aborted, and continues where it ended', async () => {
  await using app = await startApp({ ownDatabase: true });
  await insertRestored(app, 12_000);
  const stopping = new AbortController();
  const aborted = repairAfterRestore(app.db, {
    computeSegmentsAgain: async () => stopping.abort(),
    signal: stopping.signal,
  });
  await expect(aborted).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  expect(await app.db.change.count({ where: { xid: 0 } })).toBe(0);
  expect((await repair(app)).isRepaired).toBe(true);
  expect(await app.db.change.count({ where: { xid: 0 } })).toBe(12_000);
});

it('sorts restored changes first, in order, and lets readers find all new ones', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addUser(app, { uid: 'ada' });
  await app.run(UpdateUser, { input: { uid: 'ada', firstName: 'Ada' } });
  await insertRestored(app, 12_000);
  await consume(app, 'log-retention', `${FUTURE}-9223372036854775807`);
  const ofAll = await atOnce(3, () => repair(app));
  expect(ofAll.flatMap(({ again }) => again)).toContain(app.workspaceId);
  expect(ofAll.flatMap(({ again }) => again)).not.toContain(app.stranger.workspaceId);
  expect(await app.db.change.count({ where: { xid: 0 } })).toBe(12_001);
  expect(await repair(app)).toEqual({ isRepaired: false, again: [] });

  const start = await currentSnapshot(app.db, app.workspaceId);
  await app.run(UpdateUser, { input: { uid: 'ada', firstName: 'Augusta' } });
  expect((await changesAfter(app.db, app.workspaceId, start, 10)).changes).toHaveLength(1);
  const { changes } = (await app.run(Changes, { first: 5 })).changes;
  const seqs = changes.map(({ id }) => Number(Buffer.from(id, 'base64').toString().split('-')[1]));
  expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
});

it.each([`${FUTURE}:${FUTURE}:`, `3:${FUTURE}:3`, `3:4:/3:${FUTURE}:`])(
  'resets a consumer whose position %s the server has not reached, even if no change is restored',
  async (snapshot) => {
    await using app = await startApp({ ownDatabase: true });
    await consume(app, 'segments', snapshot);
    expect(await repair(app)).toEqual({ isRepaired: true, again: [app.workspaceId] });
    expect(await repair(app)).toEqual({ isRepaired: false, again: [] });
  },
);
