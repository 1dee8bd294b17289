import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createKey } from '../../src/auth/keys.ts';
import { openDatabase } from '../../src/db/client.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { basic } from '../kit/app.ts';
import { hasDebianPostgres } from '../kit/debian-postgres.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { migrateWithOwner } from '../kit/own-server.ts';
import { metricsUrlIn, scrape } from '../kit/prometheus.ts';
import { ReadHistory } from '../kit/read-history.ts';
import { ReplicatedPostgres } from '../kit/replicated-postgres.ts';

/** Failovers for the figures of docs/high-availability.md, which are of at least 50,000 operations. */
const KILLS_OF_FIGURES = 20;
/** Failovers; 2 in CI. */
const KILLS = Number(process.env.FAILOVER_KILLS ?? 2);
/** Load before each kill and after the last recovery, in ms. */
const LOAD_MS = Number(process.env.FAILOVER_LOAD_MS ?? 3_000);
/** The longest time in ms until the failure of a primary is detected and a standby is promoted. */
const MAX_DETECTION_MS = 2_000;
const KEYS = 4;
const CLIENTS_PER_KEY = 3;
const WORKERS = 2;
const TOKEN = 'scraper-token-0123456789';

interface Target {
  address: string;
  key: string;
}

/** Whether a write succeeds, on a new connection each, so that all workers get some. */
async function canWrite({ address, key }: Target): Promise<boolean> {
  for (let attempt = 0; attempt < 2 * WORKERS; attempt += 1) {
    const response = await fetch(`${address}/v1/users/probe`, {
      method: 'PUT',
      headers: { authorization: key, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ meta: { at: Date.now() } }),
    }).catch(() => undefined);
    await response?.text();
    if (!response?.ok) return false;
  }
  return true;
}

const isReady = async ({ address }: Target) => (await fetch(`${address}/health/ready`)).ok;

async function untilOk(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await delay(20);
}

/** Kills the primary, and promotes a standby. @returns ms until everything is served, from the kill and from the promotion. */
async function failOver(servers: ReplicatedPostgres, target: Target): Promise<{ service: number; recovery: number }> {
  const former = servers.primary;
  const killedAt = Date.now();
  await servers.kill();
  await delay(randomInt(MAX_DETECTION_MS));
  const promotedAt = await servers.promote();
  await untilOk(() => canWrite(target));
  await untilOk(() => isReady(target));
  const servedAt = Date.now();
  await servers.rejoin(former);
  return { service: servedAt - killedAt, recovery: servedAt - promotedAt };
}

/** The acknowledged writes that the primary does not have, and the events that it has twice. */
async function findLost(servers: ReplicatedPostgres, { clients }: ReadHistory): Promise<string[]> {
  const rows = await servers.query(
    servers.primary,
    `SELECT uid, array_agg(value::int) AS numbers FROM events JOIN users ON users.id = events.user_id GROUP BY uid`,
  );
  const stored = new Map(rows.map(({ uid, numbers }) => [uid, numbers as number[]]));
  return clients.flatMap(({ uid, acknowledged }) => {
    const numbers = stored.get(uid) ?? [];
    const unique = new Set(numbers);
    const lost = acknowledged.filter((number) => !unique.has(number)).map((number) => `${uid}: ${number} is lost`);
    return unique.size === numbers.length ? lost : [...lost, `${uid}: an event is stored twice`];
  });
}

it.skipIf(!hasDebianPostgres)(
  'loses no acknowledged write and reads own writes while primaries are killed',
  async () => {
    const keys: string[] = [];
    await using servers = await ReplicatedPostgres.start(async (url) => {
      const { workspaceId, owner } = await migrateWithOwner({ connectionString: url });
      const db = openDatabase({ connectionString: url }, { poolSize: 1 });
      keys.push(owner);
      while (keys.length < KEYS) {
        const { publicKey, secret } = await createKey(db, workspaceId, scopes);
        keys.push(basic(publicKey, secret));
      }
      await db.$disconnect();
    });
    await using gateway = await startGateway({
      DATABASE_URL: `postgresql://postgres@${servers.ports.map((port) => `127.0.0.1:${port}`).join(',')}/usergraph`,
      DATABASE_REPLICA_URLS: servers.urls.join(','),
      // After a write of unknown outcome, the reads of its key use the primary for this time and a second.
      REPLICA_MAX_STALENESS_MS: '1000',
      WORKERS: String(WORKERS),
      METRICS_PORT: '0',
      METRICS_TOKEN: TOKEN,
      RATE_LIMIT: '0',
      LOG_LEVEL: 'info',
    });
    const target = { address: gateway.address, key: keys[0] ?? '' };
    const history = new ReadHistory(gateway.address, keys, CLIENTS_PER_KEY);
    await history.createUsers();
    history.start();
    const slowest = { service: 0, recovery: 0 };
    for (let kill = 0; kill < KILLS; kill += 1) {
      await delay(LOAD_MS);
      const { service, recovery } = await failOver(servers, target);
      slowest.service = Math.max(slowest.service, service);
      slowest.recovery = Math.max(slowest.recovery, recovery);
    }
    await delay(LOAD_MS);
    await history.stop();
    const lost = await findLost(servers, history);
    const metrics = await scrape(metricsUrlIn(gateway.output()) ?? '', TOKEN);
    const replicaReads = metrics.sum('usergraph_database_reads_total', { server: 'replica' });
    printFigures('failover', {
      kills: KILLS,
      'acknowledged writes': history.writes,
      'GraphQL reads': history.reads.graphql,
      'REST reads': history.reads.rest,
      'percent of reads from replicas': Math.round(
        (100 * replicaReads) / metrics.sum('usergraph_database_reads_total'),
      ),
      'failed writes': history.failed.write,
      'failed reads': history.failed.read,
      lost: lost.length,
      'stale reads': history.stale.length,
      'slowest ms from kill to service': slowest.service,
      'slowest ms from promotion to service': slowest.recovery,
    });
    expect(lost).toEqual([]);
    expect(history.stale).toEqual([]);
    const { graphql, rest } = history.reads;
    expect(Math.min(history.writes, graphql, rest, replicaReads)).toBeGreaterThan(100);
    if (KILLS >= KILLS_OF_FIGURES) expect(history.writes + graphql + rest).toBeGreaterThanOrEqual(50_000);
    expect(slowest.service).toBeLessThan(10_000);
    expect(slowest.recovery).toBeLessThan(5_000);
  },
);
