import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createKey } from '../../src/auth/keys.ts';
import { openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from '../kit/app.ts';
import { CitusCluster, hasCitus } from '../kit/citus-cluster.ts';
import { startCli } from '../kit/cli.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { ReadHistory } from '../kit/read-history.ts';

const WORKSPACES = 6;
const CLIENTS_PER_KEY = 2;
const WORKERS = 2;
/** Load before, between and after the changes of the cluster, in ms. */
const LOAD_MS = Number(process.env.DISTRIBUTION_LOAD_MS ?? 3_000);
/** The longest time in ms for which a worker is down. */
const DOWN_MS = 2_000;

interface Workspace {
  id: string;
  key: string;
}

async function createWorkspaces(url: string): Promise<Workspace[]> {
  await migrate({ connectionString: url });
  const db = openDatabase({ connectionString: url }, { poolSize: 1 });
  const workspaces: Workspace[] = [];
  for (let number = 0; number < WORKSPACES; number += 1) {
    const { id } = await createWorkspace(db, `Workspace ${number}`);
    const { publicKey, secret } = await createKey(db, id, scopes);
    workspaces.push({ id, key: basic(publicKey, secret) });
  }
  await db.$disconnect();
  return workspaces;
}

/** The shard of a workspace and the port of its node. */
const placementOf = ({ id }: Workspace) => `
  SELECT shardid AS shard, nodeport AS port FROM pg_dist_shard_placement
  WHERE shardid = get_shard_id_for_distribution_column('workspaces', '${id}')`;

/** Whether a key can write. */
async function canWrite(address: string, key: string): Promise<boolean> {
  const response = await fetch(`${address}/v1/users/probe`, {
    method: 'PUT',
    headers: { authorization: key, 'content-type': 'application/json' },
    body: JSON.stringify({ meta: { at: Date.now() } }),
  }).catch(() => undefined);
  await response?.text();
  return response?.ok ?? false;
}

const failuresOf = (histories: readonly ReadHistory[]) =>
  histories.reduce((sum, { failed }) => sum + failed.write + failed.read, 0);

/** Acknowledged writes that the database does not have, and events that it has twice. */
async function findLost(
  cluster: CitusCluster,
  workspaces: readonly Workspace[],
  histories: readonly ReadHistory[],
): Promise<string[]> {
  const rows = await cluster.query<{ id: string; uid: string; numbers: number[] }>(
    0,
    `SELECT users.workspace_id AS id, uid, array_agg(value::int) AS numbers FROM events
     JOIN users ON users.workspace_id = events.workspace_id AND users.id = events.user_id GROUP BY users.workspace_id, uid`,
  );
  const stored = new Map(rows.map(({ id, uid, numbers }) => [`${id} ${uid}`, numbers]));
  const idOf = (key: string) => workspaces.find((workspace) => workspace.key === key)?.id;
  return histories
    .flatMap(({ clients }) => clients)
    .flatMap(({ uid, key, acknowledged }) => {
      const numbers = stored.get(`${idOf(key)} ${uid}`) ?? [];
      const unique = new Set(numbers);
      const lost = acknowledged.filter((number) => !unique.has(number)).map((number) => `${uid}: ${number} is lost`);
      return unique.size === numbers.length ? lost : [...lost, `${uid}: an event is stored twice`];
    });
}

it.skipIf(!hasCitus)('serves from any node, and loses nothing while shards move and a worker is killed', async () => {
  await using cluster = await CitusCluster.start(WORKERS);
  const workspaces = await createWorkspaces(cluster.urlOf(0));
  const distributed = await startCli({ DATABASE_URL: cluster.urlOf(0) }, 'distribute', '--shards', '8', '--json');
  expect(distributed, distributed.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('"isNew": true') });

  const start = (node: number) =>
    startGateway({ DATABASE_URL: cluster.urlOf(node), RATE_LIMIT: '0', LOG_LEVEL: 'info' });
  await using coordinator = await start(0);
  await using worker = await start(1);
  const keys = workspaces.map(({ key }) => key);
  // A history reads what it has written through the same gateway.
  const [even, odd] = [0, 1].map((parity) => keys.filter((_, index) => index % 2 === parity));
  const histories = [
    new ReadHistory(coordinator.address, even ?? [], CLIENTS_PER_KEY),
    new ReadHistory(worker.address, odd ?? [], CLIENTS_PER_KEY),
  ];
  for (const history of histories) await history.createUsers();
  for (const history of histories) history.start();
  await delay(LOAD_MS);
  const steady = failuresOf(histories);

  // Each workspace moves to the other worker, and the rebalancer distributes all shards evenly.
  for (const workspace of workspaces.slice(0, 2)) {
    const [placement] = await cluster.query<{ shard: string; port: number }>(0, placementOf(workspace));
    const from = cluster.indexOf(placement?.port ?? 0);
    const [to = 0] = cluster.workers.filter((index) => index !== from);
    await cluster.query(
      0,
      `SELECT citus_move_shard_placement(${placement?.shard}, ${cluster.addressOf(from)}, ${cluster.addressOf(to)}, 'force_logical')`,
    );
  }
  await cluster.query(0, `SELECT rebalance_table_shards(shard_transfer_mode := 'force_logical')`);
  await delay(LOAD_MS);
  const moved = failuresOf(histories);

  const [second = 0] = cluster.workers.slice(1);
  await cluster.kill(second);
  await delay(DOWN_MS);
  const served = await Promise.all(keys.map((key) => canWrite(coordinator.address, key)));
  await cluster.restart(second);
  const restartedAt = Date.now();
  for (const address of [coordinator.address, worker.address]) {
    for (const key of keys) while (!(await canWrite(address, key))) await delay(50);
  }
  const recovery = Date.now() - restartedAt;
  const recovered = failuresOf(histories);
  await delay(LOAD_MS);
  const settled = failuresOf(histories);
  for (const history of histories) await history.stop();
  if (process.env.DEBUG_OUT) {
    const fs = await import('node:fs');
    fs.writeFileSync(process.env.DEBUG_OUT, coordinator.output() + worker.output());
  }
  const lost = await findLost(cluster, workspaces, histories);
  printFigures('distribution', {
    'acknowledged writes': histories.reduce((sum, { writes }) => sum + writes, 0),
    reads: histories.reduce((sum, { reads }) => sum + reads.graphql + reads.rest, 0),
    'failed while shards moved': moved - steady,
    'failed while a worker was down': recovered - moved,
    'failed afterwards': settled - recovered,
    'workspaces served while a worker was down': served.filter(Boolean).length,
    lost: lost.length,
    'stale reads': histories.reduce((sum, { stale }) => sum + stale.length, 0),
    'ms from restart to service': recovery,
  });
  expect(lost).toEqual([]);
  expect(histories.flatMap(({ stale }) => stale)).toEqual([]);
  expect([steady, moved - steady, settled - recovered]).toEqual([0, 0, 0]);
  expect(served.filter(Boolean).length).toBeGreaterThan(0);
  expect(recovery).toBeLessThan(30_000);
});
