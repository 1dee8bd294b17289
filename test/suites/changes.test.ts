import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { repairAfterRestore } from '../../src/domain/changes/repair.ts';
import { atOnce } from '../kit/concurrently.ts';
import { copyRows } from '../kit/copy-rows.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { type OwnServer, startOwnServer } from '../kit/own-server.ts';
import { seededRandom } from '../kit/random.ts';

const WRITERS = 10;
const USERS = 20;
const RUN_MS = 25_000;
/** How long transactions are held open, in ms. */
const OPEN_MS = 8_000;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

interface Change {
  id: string;
  action: string;
  userId: string | null;
  eventId: string | null;
}

interface Page {
  changes: Change[];
  cursor: string;
  hasMore: boolean;
}

/** A response that a gateway sends while the database restarts: the request is sent again. */
class Unavailable extends Error {}

/** Sends an operation. @throws {Unavailable} if it may be sent again. */
async function run<Data>(address: string, server: OwnServer, query: string, variables: object): Promise<Data> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { authorization: server.owner, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  }).catch(() => {
    throw new Unavailable();
  });
  const { data, errors } = JSON.parse(await response.text());
  const code = errors?.[0]?.extensions?.code;
  if (code === 'SERVICE_UNAVAILABLE' || code === 'INTERNAL_SERVER_ERROR') throw new Unavailable();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const read = `query ($after: String, $first: Int, $from: ChangeStart) {
  changes(after: $after, first: $first, from: $from) { changes { id action userId eventId } cursor hasMore }
}`;

/** Follows the log as a client does, until it is stopped and has read everything. */
function follow(address: string, server: OwnServer, first: number, start?: string) {
  const seen: Change[] = [];
  let cursor = start;
  let isStopping = false;
  const running = (async () => {
    for (;;) {
      const isLast = isStopping;
      try {
        const { changes: page } = await run<{ changes: Page }>(address, server, read, { after: cursor, first });
        seen.push(...page.changes);
        cursor = page.cursor;
        if (isLast && !page.hasMore) return;
        if (!page.hasMore) await delay(20);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        await delay(200);
      }
    }
  })();
  return {
    async stop() {
      isStopping = true;
      await running;
      return { seen, cursor };
    },
  };
}

const update = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }`;
const add = `mutation ($input: AddEventInput!) { addEvent(input: $input) { ... on AddEventPayload { event { id } } } }`;

/** Connects to the server, without an error when it restarts. */
async function connect(server: OwnServer, database?: string): Promise<Client> {
  const client = new Client({ ...server.connection, ...(database === undefined ? {} : { database }) });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Writes with transactions of SQL: several changes, savepoints and rollbacks. */
async function writeTransactions(server: OwnServer, random: () => number, end: number): Promise<void> {
  while (Date.now() < end) {
    try {
      const client = await connect(server);
      try {
        while (Date.now() < end) {
          await client.query(random() < 0.5 ? 'BEGIN; SELECT pg_current_xact_id()' : 'BEGIN');
          for (let change = 0; change < 1 + random() * 5; change += 1) {
            if (random() < 0.3) await client.query('SAVEPOINT one');
            await changeUser(client, server, `u${Math.floor(random() * USERS)}`);
            if (random() < 0.15) await client.query('ROLLBACK TO one').catch(() => {});
            await delay(random() * 20);
          }
          await client.query(random() < 0.7 ? 'COMMIT' : 'ROLLBACK');
        }
      } finally {
        await client.end().catch(() => {});
      }
    } catch {
      // The server restarts, or the transaction was aborted.
      await delay(200);
    }
  }
}

/** Changes a user in a transaction as a gateway does: locks the user, then records the change. */
const changeUser = (client: Client, { workspaceId }: OwnServer, uid: string) =>
  client.query(
    `WITH updated AS (UPDATE users SET updated_at = now() WHERE workspace_id = $1 AND uid = $2 RETURNING id)
    INSERT INTO changes (workspace_id, at, key_id, action, user_id) SELECT $1, now(), 'test', 'updateUser', id FROM updated`,
    [workspaceId, uid],
  );

/** Holds a transaction with an id open, and changes a user at its end. */
async function holdOpen(server: OwnServer, end: number): Promise<number> {
  let times = 0;
  while (Date.now() + OPEN_MS < end) {
    const client = await connect(server);
    try {
      await client.query('BEGIN; SELECT pg_current_xact_id()');
      await delay(OPEN_MS);
      await changeUser(client, server, 'u1');
      await client.query('COMMIT');
      times += 1;
    } catch {
      // The server has restarted.
    } finally {
      await client.end().catch(() => {});
    }
  }
  return times;
}

async function holdOpenElsewhere(server: OwnServer, end: number): Promise<void> {
  while (Date.now() < end) {
    try {
      const client = await connect(server, 'postgres');
      await client.query('BEGIN; SELECT pg_current_xact_id()');
      await delay(OPEN_MS);
      await client.end();
    } catch {
      await delay(200);
    }
  }
}

/** The ids of a workspace's changes as GraphQL shows them, in the order of `seq`. */
async function storedIds(server: OwnServer): Promise<string[]> {
  const rows = await server.query(
    `SELECT xid || '-' || seq AS id FROM changes WHERE workspace_id = '${server.workspaceId}' ORDER BY seq`,
  );
  return rows.map(({ id }) => Buffer.from(`Change:${id}`).toString('base64'));
}

const seqOf = ({ id }: Change) => Number(Buffer.from(id, 'base64').toString().split('-')[1]);

/**
 * The number of users of whom an update was returned before an earlier one. Updates of a user exclude one another; an event can be
 * added while another change of the user is not committed yet, and is then visible before that, with a greater `seq`.
 */
function disordered(changes: readonly Change[]): number {
  const ofUsers = Map.groupBy(
    changes.filter(({ action }) => action === 'UPDATE_USER'),
    ({ userId }) => userId,
  );
  return [...ofUsers.values()].filter((ofUser) =>
    ofUser.map(seqOf).some((seq, place, seqs) => seq < (seqs[place - 1] ?? 0)),
  ).length;
}

/** The number of events that were returned before one that had been acknowledged before they were sent, to the same writer. */
function countLate(changes: readonly Change[], events: readonly string[][]): number {
  const placeOf = new Map(changes.map(({ eventId }, place) => [eventId, place]));
  return events.flatMap((ofWriter) =>
    ofWriter.filter((id, at) => at > 0 && (placeOf.get(id) ?? -1) < (placeOf.get(ofWriter[at - 1] ?? '') ?? Infinity)),
  ).length;
}

it('returns each change once, and those of a user in order, to followers of two gateways while the server restarts', async () => {
  process.stdout.write(`changes: SEED=${seed}\n`);
  const random = seededRandom(seed);
  await using server = await startOwnServer({ max_connections: '200' });
  await server.query(`INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    SELECT '${server.workspaceId}', gen_random_uuid(), 'u' || n, now(), now() FROM generate_series(0, ${USERS - 1}) AS n`);
  await using one = await startGateway({ DATABASE_URL: server.url, RATE_LIMIT: '0' });
  await using other = await startGateway({ DATABASE_URL: server.url, RATE_LIMIT: '0' });
  const addresses = [one.address, other.address];
  const { changes: start } = await run<{ changes: Page }>(one.address, server, read, { from: 'NOW' });
  const before = new Set(await storedIds(server));
  const followers = [1, 7, 100, 100].map((first, place) =>
    follow(addresses[place % 2] ?? '', server, first, start.cursor),
  );
  const end = Date.now() + RUN_MS;
  let acknowledged = 0;
  /** The events of each writer, in the order in which they were acknowledged. */
  const events: string[][] = Array.from({ length: WRITERS }, () => []);
  const write = async (place: number) => {
    for (let round = 0; Date.now() < end; round += 1) {
      const uid = `u${Math.floor(random() * USERS)}`;
      try {
        const address = addresses[place % 2] ?? '';
        if (round % 2) await run(address, server, update, { input: { uid, firstName: `${round}` } });
        else {
          const input = { uid, name: 'Paid', value: round };
          const { addEvent } = await run<{ addEvent: { event: { id: string } } }>(address, server, add, { input });
          events[place]?.push(addEvent.event.id);
        }
        acknowledged += 1;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        await delay(100);
      }
    }
  };
  const restart = async () => {
    await delay(OPEN_MS + 4_000);
    await server.stop();
    await server.start();
  };
  const [heldOpen] = await Promise.all([
    holdOpen(server, end),
    holdOpenElsewhere(server, end),
    restart(),
    atOnce(WRITERS, write),
    atOnce(3, () => writeTransactions(server, random, end)),
  ]);
  const ends = await Promise.all(followers.map((follower) => follower.stop()));

  const stored = (await storedIds(server)).filter((id) => !before.has(id));
  const results = ends.map(({ seen }) => ({
    'not after an acknowledged event': countLate(seen, events),
    missed: stored.length - new Set(seen.map(({ id }) => id)).size,
    doubled: seen.length - new Set(seen.map(({ id }) => id)).size,
    disordered: disordered(seen),
  }));
  printFigures('changes', {
    seed,
    changes: stored.length,
    acknowledged,
    'transactions of 8 s': heldOpen,
    missed: results.map(({ missed }) => missed).join(' '),
    doubled: results.map(({ doubled }) => doubled).join(' '),
    'events out of order': results.map((result) => result['not after an acknowledged event']).join(' '),
    'users out of order': results.map((result) => result.disordered).join(' '),
  });
  expect(acknowledged).toBeGreaterThan(500);
  expect(heldOpen).toBeGreaterThan(0);
  for (const { seen } of ends) expect(seen.map(({ id }) => id).toSorted()).toEqual(stored.toSorted());
  expect(results).toEqual(
    results.map(() => ({ 'not after an acknowledged event': 0, missed: 0, doubled: 0, disordered: 0 })),
  );

  // A dump, restored on a server whose transaction ids begin anew.
  await using restored = await startOwnServer();
  await restored.query('DELETE FROM workspaces');
  await copyRows(server, restored);
  const nextXid = async (of: OwnServer) =>
    Number((await of.query('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xid'))[0]?.xid);
  expect(await nextXid(restored)).toBeLessThan(await nextXid(server));
  await using third = await startGateway({ DATABASE_URL: restored.url, RATE_LIMIT: '0', LOG_LEVEL: 'info' });
  expect(third.output()).toContain('database was restored from a dump');
  const of = { ...restored, owner: server.owner, workspaceId: server.workspaceId };
  const cursor = ends[0]?.cursor;
  await expect(run(third.address, of, read, { after: cursor })).rejects.toThrow('CURSOR_EXPIRED');
  const { changes: now } = await run<{ changes: Page }>(third.address, of, read, { from: 'NOW' });
  const fromOldest = follow(third.address, of, 100);
  const follower = follow(third.address, of, 7, now.cursor);
  for (let round = 0; round < 50; round += 1)
    await run(third.address, of, update, { input: { uid: `u${round % USERS}`, firstName: 'Ada' } });
  const { seen } = await follower.stop();
  const all = await fromOldest.stop();
  expect(seen).toHaveLength(50);
  expect(all.seen.map(({ id }) => id).toSorted()).toEqual((await storedIds(of)).toSorted());
  expect(disordered(all.seen)).toBe(0);
  const db = openDatabase(restored.connection, { poolSize: 1 });
  expect(await repairAfterRestore(db, { computeSegmentsAgain: async () => {} })).toBe(false);
  await db.$disconnect();
});
