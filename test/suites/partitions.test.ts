import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { runCli } from '../kit/cli.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { type OwnServer, startOwnServer } from '../kit/own-server.ts';
import { seededRandom } from '../kit/random.ts';

/** `PARTITION_EVENTS=10000000` is the size of docs/partitions.md. */
const EVENTS = Number(process.env.PARTITION_EVENTS ?? 200_000);
const USERS = 1_000;
const KILLS = 4;
const WRITERS = 4;

/** Runs per statement; the median counts. */
const RUNS = 41;

const conversionJson = z.object({ conversion: z.object({ name: z.string(), lockedMs: z.number() }).nullable() });

/** Events of a thousand users in the last twelve months, which end a minute ago. */
async function fill({ query, workspaceId }: OwnServer): Promise<void> {
  await query(`INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    SELECT '${workspaceId}', ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'u' || n, now(), now()
    FROM generate_series(1, ${USERS}) AS n`);
  await query(`ALTER TABLE events DISABLE TRIGGER events_record_activity;
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT '${workspaceId}', (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
      ('01900000-0000-7000-8000-' || lpad(to_hex(n % ${USERS} + 1), 12, '0'))::uuid, 'Event ' || n % 7, to_jsonb(n), '{}', at
    FROM (SELECT n, now() - interval '1 minute' - (${EVENTS} - n) * interval '360 days' / ${EVENTS} AS at
      FROM generate_series(1, ${EVENTS}) AS n) AS numbered;
    ALTER TABLE events ENABLE TRIGGER events_record_activity`);
  await query('VACUUM ANALYZE');
}

/** Adds and reads events until it is stopped. */
function startLoad(address: string, authorization: string) {
  const run = { acknowledged: 0, failures: [] as string[], slowestMs: 0, isStopping: false };
  const documents = [
    'mutation { addEvent(input: { uid: "u7", name: "Loaded" }) { __typename } }',
    '{ user(uid: "u7") { events(first: 20) { nodes { id } } } }',
  ];
  const writing = Array.from({ length: WRITERS }, async () => {
    for (let round = 0; !run.isStopping; round += 1) {
      const startedAt = performance.now();
      const response = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ query: documents[round % 2] }),
      });
      const text = await response.text();
      run.slowestMs = Math.max(run.slowestMs, performance.now() - startedAt);
      if (text.includes('"errors"')) run.failures.push(text);
      else if (text.includes('AddEventPayload')) run.acknowledged += 1;
    }
  });
  const stop = async () => {
    run.isStopping = true;
    await Promise.all(writing);
  };
  return { run, stop };
}

/** Starts a conversion and kills it after a time. */
async function killConversion(url: string, afterMs: number): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, ['src/cli/main.ts', 'partitions', 'create'], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await Promise.race([delay(afterMs), ended]);
  child.kill('SIGKILL');
  await ended;
}

/** The statements whose times are compared, each for the user `u<number>`. */
const statements = {
  page: (where: string) => `SELECT * FROM events WHERE ${where} ORDER BY id DESC LIMIT 20`,
  filter: (where: string) => `SELECT * FROM events WHERE ${where} AND name = 'Event 3' ORDER BY id DESC LIMIT 20`,
  count: (where: string) => `SELECT count(*) FROM events WHERE ${where}`,
};

/** Median times in ms, planning included. */
async function measure({ query, workspaceId }: OwnServer): Promise<Record<keyof typeof statements, number>> {
  const timeOf = async (sql: (where: string) => string) => {
    const times: number[] = [];
    for (let run = 1; run <= RUNS; run += 1) {
      const user = `01900000-0000-7000-8000-${(run * 7).toString(16).padStart(12, '0')}`;
      const [row] = await query(`EXPLAIN (ANALYZE, TIMING OFF, SUMMARY, FORMAT JSON)
        ${sql(`workspace_id = '${workspaceId}' AND user_id = '${user}'`)}`);
      const plans = z
        .array(z.object({ 'Planning Time': z.number(), 'Execution Time': z.number() }))
        .parse(row?.['QUERY PLAN']);
      times.push((plans[0]?.['Planning Time'] ?? 0) + (plans[0]?.['Execution Time'] ?? 0));
    }
    return times.sort((left, right) => left - right)[Math.floor(RUNS / 2)] ?? 0;
  };
  return {
    page: await timeOf(statements.page),
    filter: await timeOf(statements.filter),
    count: await timeOf(statements.count),
  };
}

const countEvents = async ({ query }: OwnServer) =>
  Number((await query('SELECT count(*) AS count FROM events'))[0]?.count);

it('partitions events under load, also after kills, without losing one or locking for 100 ms', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  process.stdout.write(`partitions: SEED=${seed}\n`);
  const random = seededRandom(seed);
  await using server = await startOwnServer();
  await fill(server);
  const before = await measure(server);
  await using gateway = await startGateway({ DATABASE_URL: server.url, RATE_LIMIT: '0', CONCURRENCY_LIMIT: '0' });
  const load = startLoad(gateway.address, server.owner);
  await delay(2_000);
  const slowestBefore = load.run.slowestMs;
  load.run.slowestMs = 0;
  for (let kill = 0; kill < KILLS; kill += 1) await killConversion(server.url, 400 + random() * 1_200);
  const startedAt = performance.now();
  const { stdout, stderr, code } = await runCli({ DATABASE_URL: server.url }, 'partitions', 'create', '--json');
  const tookMs = performance.now() - startedAt;
  expect(code, stderr).toBe(0);
  const { conversion } = conversionJson.parse(JSON.parse(stdout));
  await delay(500);
  await load.stop();
  expect(load.run.failures).toEqual([]);
  expect(await countEvents(server)).toBe(EVENTS + load.run.acknowledged);
  // Null if the last kill came after the swap.
  if (conversion) expect(conversion.lockedMs).toBeLessThan(100);
  await server.query('VACUUM ANALYZE');
  const after = await measure(server);
  printFigures('partitions', {
    events: EVENTS,
    kills: KILLS,
    'conversion ms': Math.round(tookMs),
    'locked ms': conversion ? Math.round(conversion.lockedMs) : 'before a kill',
    'slowest request before ms': Math.round(slowestBefore),
    'slowest request during ms': Math.round(load.run.slowestMs),
    'acknowledged writes': load.run.acknowledged,
    ...Object.fromEntries(
      (['page', 'filter', 'count'] as const).map((name) => [
        `${name} ms`,
        `${before[name].toFixed(3)} unpartitioned, ${after[name].toFixed(3)} partitioned`,
      ]),
    ),
  });
});
