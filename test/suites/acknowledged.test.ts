import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/schema/global-id.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { holderOf, kinds, startWriters, takesKey, type Write } from '../kit/numbered-writes.ts';
import { type OwnServer, startOwnServer } from '../kit/own-server.ts';
import { seededRandom } from '../kit/random.ts';
import { isFullSize } from '../kit/test-size.ts';
import { runs, workerPids } from '../kit/workers.ts';

/** A multiple of 4: half of them hit the database, a quarter each a worker and the gateway. */
const KILLS = isFullSize ? 20 : 8;
const WRITERS = 12;
const LISTS = ['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'];

/** Repeats the kills of a former run: `SEED=… npm run test:suites`. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

it('stores each acknowledged write exactly once and completely while processes are killed', async () => {
  process.stdout.write(`acknowledged: SEED=${seed}\n`);
  const random = seededRandom(seed);
  await using server = await startOwnServer({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
  await addRows(server);
  const start = () => startGateway({ DATABASE_URL: server.url, RATE_LIMIT: '0', WORKERS: '2', LOG_LEVEL: 'info' });
  let gateway = await start();
  const writers = startWriters(
    WRITERS,
    () => gateway.address,
    server.owner,
    LISTS.map((id) => encodeGlobalId('List', id)),
  );
  const killed = { database: 0, worker: 0, gateway: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(200 + random() * 800);
    const [target] = (['gateway', 'database', 'worker', 'database'] as const).slice(kill % 4);
    if (target === 'gateway') {
      await gateway.end('SIGKILL');
      gateway = await start();
    } else if (target === 'worker') {
      const workers = workerPids(gateway).filter(runs);
      process.kill(workers[Math.floor(random() * workers.length)] ?? 0, 'SIGKILL');
    } else {
      await server.kill();
      await delay(random() * 300);
      await server.start();
    }
    killed[target ?? 'worker'] += 1;
  }
  await delay(500);
  const writes = await writers.stop();
  await gateway.end('SIGTERM');
  const stored = await readAll(server);
  const of = (kind: Write['kind'], acknowledged = true) =>
    writes.filter((write) => write.kind === kind && write.acknowledged === acknowledged).map(({ number }) => number);

  expect(of('addEvent').filter((number) => stored.events.get(number) !== 1)).toEqual([]);
  expect([...stored.events].filter(([, times]) => times !== 1)).toEqual([]);
  expect(stored.unrecorded).toEqual([]);
  expect(of('updateUser').filter((number) => stored.meta.get(`${holderOf(number)} k${number}`) !== number)).toEqual([]);
  expect(of('createUser').filter((number) => !stored.whole.has(`made${number}`))).toEqual([]);
  expect(stored.halves).toEqual([]);
  expect(writes.filter(({ keyed, acknowledged }) => keyed && !acknowledged)).toEqual([]);
  for (const kind of kinds) expect(of(kind).length).toBeGreaterThan(KILLS);
  const unacknowledged = kinds.flatMap((kind) => of(kind, false));
  printFigures('acknowledged', {
    seed,
    ...Object.fromEntries(Object.entries(killed).map(([name, times]) => [`${name} kills`, times])),
    writes: writes.length,
    acknowledged: writes.length - unacknowledged.length,
    'unacknowledged, without a key': unacknowledged.length,
    'retried with their key': writes.filter(({ sent }) => sent > 1).length,
    'mutations with keys': kinds.filter(takesKey).join(' ') || 'none',
    lost: 0,
    doubled: 0,
    unrecorded: 0,
    halves: 0,
  });
});

/** Inserts the user and the lists that the writes refer to. */
async function addRows({ query, workspaceId }: OwnServer): Promise<void> {
  await query(`INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    VALUES ('${workspaceId}', gen_random_uuid(), 'writer', now(), now())`);
  for (const id of LISTS)
    await query(
      `INSERT INTO lists (workspace_id, id, title, created_at) VALUES ('${workspaceId}', '${id}', 'News', now())`,
    );
}

/** Reads the rows that the writes have stored. */
async function readAll({ query }: OwnServer) {
  const events = await query('SELECT value::int AS number, count(*)::int AS times FROM events GROUP BY 1');
  const unrecorded = await query(`SELECT id, event_id, entries
    FROM events FULL JOIN (SELECT event_id, count(*)::int AS entries FROM changes
      WHERE action = 'addEvent' GROUP BY 1) recorded ON event_id = id
    WHERE id IS NULL OR entries IS DISTINCT FROM 1`);
  const meta = await query(`SELECT uid || ' ' || key AS key, value::int AS number
    FROM users, jsonb_each(meta) WHERE uid LIKE 'holder%'`);
  const made = await query(`SELECT uid,
      (SELECT count(*)::int FROM devices d WHERE d.user_id = u.id AND d.token = 'token' || substr(uid, 5)) AS devices,
      (SELECT count(*)::int FROM list_memberships m WHERE m.user_id = u.id AND m.subscribed) AS lists
    FROM users u WHERE uid LIKE 'made%'`);
  const isWhole = ({ devices, lists }: Record<string, unknown>) => devices === 1 && lists === LISTS.length;
  return {
    /** Events that do not have exactly one audit entry, and audit entries without an event. */
    unrecorded,
    events: new Map(events.map(({ number, times }) => [Number(number), times])),
    meta: new Map(meta.map(({ key, number }) => [String(key), number])),
    whole: new Set(made.filter(isWhole).map(({ uid }) => String(uid))),
    halves: made.filter((user) => !isWhole(user)),
  };
}
