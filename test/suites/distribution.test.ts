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

/** Writes and reads continuously, as all workspaces, through gateways on two nodes. */
class Load implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly histories: ReadHistory[] = [];
  readonly addresses: string[] = [];

  /** A history reads what it has written through the same gateway. */
  async start(cluster: CitusCluster, workspaces: readonly Workspace[]): Promise<void> {
    for (const node of [0, 1]) {
      const environment = { DATABASE_URL: cluster.urlOf(node), RATE_LIMIT: '0', LOG_LEVEL: 'info' };
      const { address } = this.#stack.use(await startGateway(environment));
      const keys = workspaces.flatMap(({ key }, index) => (index % 2 === node ? [key] : []));
      this.addresses.push(address);
      this.histories.push(new ReadHistory(address, keys, CLIENTS_PER_KEY));
    }
    for (const history of this.histories) await history.createUsers();
    for (const history of this.histories) history.start();
  }

  /** Continues for some time. @returns the number of requests that have failed until now. */
  async run(ms = LOAD_MS): Promise<number> {
    await delay(ms);
    return this.histories.reduce((sum, { failed }) => sum + failed.write + failed.read, 0);
  }

  async stop(): Promise<void> {
    for (const history of this.histories) await history.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Moves the shards of two workspaces to the other worker, and distributes all shards evenly. */
async function moveShards(cluster: CitusCluster, workspaces: readonly Workspace[]): Promise<void> {
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
}

/**
 * Kills a worker and starts it again. @returns the numbers of workspaces that could be written meanwhile, and of those on the other
 * worker; and the ms until all can.
 */
async function killWorker(
  cluster: CitusCluster,
  [first = '', ...others]: readonly string[],
  workspaces: readonly Workspace[],
): Promise<{ served: number; elsewhere: number; recovery: number }> {
  const [, second = 0] = cluster.workers;
  const placements = await Promise.all(
    workspaces.map((workspace) => cluster.query<{ port: number }>(0, placementOf(workspace))),
  );
  const elsewhere = placements.filter(([placement]) => cluster.indexOf(placement?.port ?? 0) !== second).length;
  const keys = workspaces.map(({ key }) => key);
  await cluster.kill(second);
  await delay(DOWN_MS);
  const served = await Promise.all(keys.map((key) => canWrite(first, key)));
  await cluster.restart(second);
  const restartedAt = Date.now();
  for (const address of [first, ...others]) {
    for (const key of keys) while (!(await canWrite(address, key))) await delay(50);
  }
  return { served: served.filter(Boolean).length, elsewhere, recovery: Date.now() - restartedAt };
}

it.skipIf(!hasCitus)('serves from any node, and loses nothing while shards move and a worker is killed', async () => {
  await using cluster = await CitusCluster.start(WORKERS);
  const workspaces = await createWorkspaces(cluster.urlOf(0));
  const distributed = await startCli({ DATABASE_URL: cluster.urlOf(0) }, 'distribute', '--shards', '8', '--json');
  expect(distributed, distributed.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('"isNew": true') });
  await using load = new Load();
  await load.start(cluster, workspaces);
  const { addresses, histories } = load;
  const steady = await load.run();
  await moveShards(cluster, workspaces);
  const moved = await load.run();
  const { served, elsewhere, recovery } = await killWorker(cluster, addresses, workspaces);
  const recovered = await load.run(0);
  const settled = await load.run();
  await load.stop();
  const lost = await findLost(cluster, workspaces, histories);
  printFigures('distribution', {
    'acknowledged writes': histories.reduce((sum, { writes }) => sum + writes, 0),
    reads: histories.reduce((sum, { reads }) => sum + reads.graphql + reads.rest, 0),
    'failed while shards moved': moved - steady,
    'failed while a worker was down': recovered - moved,
    'failed afterwards': settled - recovered,
    'workspaces served while a worker was down': served,
    'workspaces on the other worker': elsewhere,
    lost: lost.length,
    'stale reads': histories.reduce((sum, { stale }) => sum + stale.length, 0),
    'ms from restart to service': recovery,
  });
  expect(lost).toEqual([]);
  expect(histories.flatMap(({ stale }) => stale)).toEqual([]);
  expect([steady, moved - steady, settled - recovered]).toEqual([0, 0, 0]);
  expect(served).toBe(elsewhere);
  expect(recovery).toBeLessThan(30_000);
});
