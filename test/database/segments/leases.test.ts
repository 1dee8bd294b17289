import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { endWorker, findWorkspacesWithWork, renewWorker, takeWorkspaces } from '../../../src/domain/segments/leases.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { shardOf } from '../../kit/distribution.ts';
import { addUser } from '../../kit/factories.ts';
import { define, settle, startWithJobs } from '../../kit/segments/workspace.ts';

type App = Awaited<ReturnType<typeof startWithJobs>>;

const NOBODY = { firstName: { eq: 'Nobody' } };

/** Starts an app with workspaces that have a segment each; processes share those of one shard. */
async function startWithWorkspaces(count: number): Promise<App> {
  const app = await startWithJobs();
  const shards: unknown[] = [];
  while (shards.length < count) {
    const { id: workspaceId } = await createWorkspace(app.db, 'Segments');
    const shard = await shardOf(app.db, workspaceId);
    if (shards.some((other) => other !== shard)) continue;
    shards.push(shard);
    await define({ db: app.db, workspaceId }, NOBODY);
  }
  return app;
}

/** The numbers of workspaces of each worker, in order of the workers. */
async function shares({ jobs: db }: App, workers: readonly string[]): Promise<number[]> {
  const owned = await db.$queryRaw<{ owner: string }[]>`SELECT owner FROM change_consumers`;
  return workers.map((worker) => owned.filter(({ owner }) => owner === worker).length);
}

/** The owner of each workspace. */
const owners = ({ jobs: db }: App) =>
  db.$queryRaw`SELECT workspace_id, owner FROM change_consumers ORDER BY workspace_id`;

/** What each process does every 300 ms. */
async function renewAll({ jobs: db }: App, workers: readonly string[]): Promise<void> {
  for (const worker of workers) {
    await renewWorker(db, worker);
    await takeWorkspaces(db, worker);
  }
}

it('shares 10 workspaces fairly between one, two and three processes, without moving any needlessly', async () => {
  await using app = await startWithWorkspaces(10);
  const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()];
  await renewAll(app, [one]);
  expect(await shares(app, [one])).toEqual([10]);
  await renewAll(app, [one, two]);
  expect(await shares(app, [one, two])).toEqual([5, 5]);
  const before = await owners(app);
  for (let round = 0; round < 5; round += 1) await renewAll(app, [two, one]);
  expect(await owners(app)).toEqual(before);
  await renewAll(app, [one, two, three]);
  const ofThree = await shares(app, [one, two, three]);
  expect(ofThree.toSorted()).toEqual([3, 3, 4]);
  const settled = await owners(app);
  for (let round = 0; round < 5; round += 1) await renewAll(app, [three, one, two]);
  expect(await owners(app)).toEqual(settled);
});

it('takes over the workspaces of a process that ends at once, and of one that is killed after a second', async () => {
  await using app = await startWithWorkspaces(6);
  const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()];
  for (let round = 0; round < 2; round += 1) await renewAll(app, [one, two, three]);
  expect(await shares(app, [one, two, three])).toEqual([2, 2, 2]);
  await endWorker(app.jobs, one);
  await renewAll(app, [two, three]);
  expect(await shares(app, [two, three])).toEqual([3, 3]);
  const killedAt = performance.now();
  while ((await shares(app, [two]))[0] !== 6) {
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    await delay(50);
    await renewAll(app, [two]);
  }
  // A process that renews its registration in time keeps its workspaces.
  expect(performance.now() - killedAt).toBeGreaterThan(800);
});

it('redistributes the workspaces after a crash of the database', async () => {
  await using app = await startWithWorkspaces(4);
  const [one, two] = [randomUUID(), randomUUID()];
  for (let round = 0; round < 2; round += 1) await renewAll(app, [one, two]);
  // PostgreSQL truncates an unlogged table when it recovers.
  await app.db.$executeRaw`TRUNCATE segment_workers`;
  for (let round = 0; round < 2; round += 1) await renewAll(app, [one, two]);
  expect(await shares(app, [one, two])).toEqual([2, 2]);
});

it('does not wait for a workspace whose definitions are being changed', async () => {
  await using app = await startWithWorkspaces(3);
  const worker = randomUUID();
  await renewWorker(app.jobs, worker);
  await app.db.$transaction(async (tx) => {
    const [first] = await tx.$queryRaw<{ workspaceId: string }[]>`
      SELECT workspace_id AS "workspaceId" FROM change_consumers ORDER BY workspace_id LIMIT 1`;
    await tx.$queryRaw`SELECT FROM change_consumers WHERE workspace_id = ${first?.workspaceId}::uuid FOR UPDATE`;
    await takeWorkspaces(app.jobs, worker);
    expect(await shares(app, [worker])).toEqual([2]);
  });
  await takeWorkspaces(app.jobs, worker);
  expect(await shares(app, [worker])).toEqual([3]);
});

it('registers no process, and so writes nothing, while no workspace has segments', async () => {
  await using app = await startWithJobs();
  const worker = randomUUID();
  await renewWorker(app.jobs, worker);
  expect(await app.jobs.$queryRaw`SELECT id FROM segment_workers`).toEqual([]);
  await define(app, NOBODY);
  await renewWorker(app.jobs, worker);
  expect(await app.jobs.$queryRaw`SELECT id FROM segment_workers`).toEqual([{ id: worker }]);
});

it('finds the workspaces of the process with changes, due instants, and definitions to compute', async () => {
  await using app = await startWithJobs();
  const worker = randomUUID();
  const { workspaceId } = app;
  const news = async (now?: Date) => {
    const found = await findWorkspacesWithWork(app.jobs, worker, now);
    return found.map((each) => ({ ...each, workspaceId: each.workspaceId === workspaceId ? 'own' : 'other' }));
  };
  await define(app, { createdAt: { within: 'P1D' } });
  expect(await news()).toEqual([]);
  await renewAll(app, [worker]);
  expect(await news()).toEqual([{ workspaceId: 'own', hasChanges: true, hasWork: true }]);
  await settle(app);
  await settle(app);
  expect(await news()).toEqual([]);
  await app.send('mutation { createUser(input: { uid: "ada" }) { __typename } }');
  expect(await news()).toEqual([{ workspaceId: 'own', hasChanges: true, hasWork: false }]);
  await settle(app);
  await settle(app);
  expect(await news()).toEqual([]);
  expect(await news(new Date(Date.now() + 86_400_000))).toMatchObject([{ workspaceId: 'own', hasChanges: true }]);
  expect(await news(new Date(Date.now() + 86_000_000))).toEqual([]);
  // Writes to a workspace without segments are not news.
  await app.send('mutation { createUser(input: { uid: "bob" }) { __typename } }', {}, app.stranger.owner);
  await addUser({ db: app.db, workspaceId: app.stranger.workspaceId });
  expect(await news()).toEqual([]);
});
