import { setTimeout as sleep } from 'node:timers/promises';
import { fillStatements } from '../filters/fill.ts';
import type { ShowProgress } from '../report/progress.ts';
import { generateLoad, type ResponseCounts } from '../soak/generate-load.ts';
import { waitUntilConsumed } from './consumer.ts';
import { backfill, createSegments, otherCredentials, type SegmentDatabase } from './database.ts';
import { segmentFilters } from './filters.ts';
import { MembershipFollower } from './follow-memberships.ts';
import { type CpuTime, createSender, startGateway } from './gateway.ts';
import type { SegmentSizes } from './options.ts';
import { Writer } from './writes.ts';

/** Users that a transaction of the import inserts. */
const BATCH_SIZE = 1_000;

/** Writes a second in the other workspace, and what it consists of. */
const OTHER_WRITES = 20;
const OTHER_USERS = 500;
const OTHER_SEGMENTS = 20;
const OTHER_CONNECTIONS = 5;

const MAX_CONSUMPTION_MS = 3_600_000;
const MAX_SETTLE_MS = 60_000;

/** An import of many users. */
export interface BurstResult {
  users: number;
  /** Memberships, instants, and entries and exits in the log that were written for the imported users. */
  rows: number;
  /** From the first batch until all changes were consumed. */
  ms: number;
  /** Of the gateway. */
  cpu: CpuTime;
  /** In the other workspace meanwhile: from a write's response until its membership was visible, in ms. */
  otherLags: number[];
  otherUnseen: number;
}

/** Imports users into the workspace, and measures the lag in the other one until the import has been worked off. */
export async function measureBurst(
  database: SegmentDatabase,
  { users, burst }: SegmentSizes,
  showProgress: ShowProgress,
): Promise<BurstResult> {
  const { client, db, workspaceId, otherWorkspaceId, ageDays } = database;
  await using stack = new AsyncDisposableStack();
  const others = await addOtherUsers(database);
  const segmentIds = await createSegments(db, otherWorkspaceId, segmentFilters(OTHER_SEGMENTS, ageDays));
  await backfill(db, otherWorkspaceId);
  const gateway = await startGateway(database.url, client, stack);
  await waitUntilConsumed(client, workspaceId, MAX_CONSUMPTION_MS);
  const send = createSender(gateway.url, otherCredentials, OTHER_CONNECTIONS);
  const writer = new Writer({ send, users: others, segmentIds });
  const follower = stack.use(new MembershipFollower(db, otherWorkspaceId));
  const otherLags: number[] = [];
  function* requests(): Generator<() => Promise<void>, never> {
    for (;;) {
      yield async () => {
        const expectations = await writer.write();
        const acknowledged = performance.now();
        for (const expectation of expectations) follower.expect(expectation, acknowledged, otherLags);
      };
    }
  }
  const counts: ResponseCounts = { answered: 0, errors: 0 };
  const ending = new AbortController();
  const load = { connections: OTHER_CONNECTIONS, rate: OTHER_WRITES, seconds: MAX_CONSUMPTION_MS / 1_000 };
  const sending = generateLoad(requests(), load, counts, ending.signal);
  const endCpu = await gateway.measureCpu();
  const started = performance.now();
  const ids: string[] = [];
  for (let from = users + 1; from <= users + burst; from += BATCH_SIZE) {
    showProgress(`Importing users: ${ids.length} of ${burst}`);
    ids.push(...(await importUsers(database, users, from, Math.min(from + BATCH_SIZE - 1, users + burst))));
  }
  showProgress('Waiting until the import is worked off');
  await waitUntilConsumed(client, workspaceId, MAX_CONSUMPTION_MS);
  const ms = performance.now() - started;
  const cpu = await endCpu();
  // A short import would end before a write of the other workspace.
  await sleep(Math.max(1_000 - ms, 0));
  ending.abort();
  await sending;
  if (counts.errors > 0) throw new Error(`${counts.errors} writes failed. First error: ${counts.firstError}`);
  const otherUnseen = await follower.settle(MAX_SETTLE_MS);
  return { users: ids.length, rows: await countRows(database, ids), ms, cpu, otherLags, otherUnseen };
}

/** Inserts users as the fill does, with their changes. @returns their ids. */
async function importUsers({ client, workspaceId }: SegmentDatabase, users: number, from: number, to: number) {
  const insert = fillStatements(workspaceId, users).find(({ table }) => table === 'users');
  if (!insert) throw new Error('The fill inserts no users.');
  const { rows } = await client.query<{ id: string }>(
    `WITH created AS (${insert.sql} RETURNING id), recorded AS (
      INSERT INTO changes (workspace_id, at, key_id, action, user_id)
      SELECT '${workspaceId}', now(), 'bench', 'createUser', id FROM created
    )
    SELECT id FROM created`,
    [from, to],
  );
  return rows.map(({ id }) => id);
}

async function addOtherUsers({ client, otherWorkspaceId }: SegmentDatabase) {
  const { rows } = await client.query<{ id: string; uid: string }>(
    `INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    SELECT $1, uuidv7(), 'u' || n, now(), now() FROM generate_series(1, $2::int) AS n RETURNING id, uid`,
    [otherWorkspaceId, OTHER_USERS],
  );
  return rows;
}

/** Counts what was written for users who were imported. */
async function countRows({ client, workspaceId }: SegmentDatabase, ids: readonly string[]): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT (
      (SELECT count(*) FROM segment_memberships WHERE workspace_id = $1 AND user_id = ANY($2)) +
      (SELECT count(*) FROM segment_due WHERE workspace_id = $1 AND user_id = ANY($2)) +
      (SELECT count(*) FROM changes WHERE workspace_id = $1 AND user_id = ANY($2) AND key_id = 'segments')
    )::int AS count`,
    [workspaceId, ids],
  );
  return rows[0]?.count ?? 0;
}
