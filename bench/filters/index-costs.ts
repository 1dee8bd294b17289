import type { DatabaseClient } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { dropIndex } from '../../src/db/indexes/manage.ts';
import { readIndexStates } from '../../src/db/indexes/state.ts';
import { addEvent } from '../../src/domain/events/add.ts';
import { nameOfKey } from '../../src/domain/shared/actor.ts';
import { updateUser } from '../../src/domain/users/upsert.ts';
import { FILL_END } from '../database/ids.ts';
import { sessionCpuUs } from '../measure/process.ts';
import { markdownTable } from '../report/markdown-table.ts';
import type { ShowProgress } from '../report/progress.ts';
import { createIndexes, createOne, optionalIndexes } from './indexes.ts';

/** The users who are written, the calls in flight, and the calls of each measurement and before it. */
const WRITTEN_USERS = 5_000;
const CONCURRENCY = 20;
const CALLS = 20_000;
const WARM_UP_CALLS = 2_000;

/** The number of different values, which is prime: each user gets another one each time. */
const VALUES = 997;

const ROUNDS = 2;

const EVENT = 'Index cost';

const operationNames = ['updateUser, an attribute', 'updateUser, appVersion', 'addEvent'] as const;

type OperationName = (typeof operationNames)[number];

/** What one call costs PostgreSQL. CPU time and WAL depend little on what else the machine does; throughput does. */
interface Cost {
  /** CPU time of the session in µs. */
  cpu: number;
  /** Bytes of the write-ahead log. */
  wal: number;
}

type Costs = Record<OperationName, Cost>;

/**
 * Measures what writes cost with each optional index, each after a measurement without any, in several rounds. All optional indexes
 * are dropped, and what was written is undone.
 * @param db with one connection to a server on this machine. @param owner with two, which creates the indexes.
 */
export async function measureIndexCosts(
  { db, owner, workspaceId }: { db: DatabaseClient; owner: DatabaseClient; workspaceId: string },
  showProgress: ShowProgress,
): Promise<string> {
  await createIndexes(owner, false, showProgress);
  await save(owner, workspaceId);
  try {
    const rows: string[][] = [];
    for (const name of optionalIndexes) {
      const pairs: { without: Costs; with: Costs }[] = [];
      let facts: string[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        showProgress(`${name}, round ${round} of ${ROUNDS}`);
        const without = await costsOf(db, workspaceId);
        const seconds = await createOne(owner, name);
        const size = (await readIndexStates(owner)).find((state) => state.name === name)?.size ?? 0;
        facts = [`${Math.round(size / 1024 / 1024)} MB`, `${seconds.toFixed(0)} s`];
        pairs.push({ without, with: await costsOf(db, workspaceId) });
        await dropIndex(owner, name);
      }
      rows.push([name, ...facts, ...operationNames.map((operation) => changeOf(operation, pairs))]);
    }
    return markdownTable([['', 'size', 'creation', ...operationNames], ...rows]);
  } finally {
    await restore(owner, workspaceId);
  }
}

/** The means of the CPU time and of the WAL of an operation, without and with an index. */
function changeOf(operation: OperationName, pairs: readonly { without: Costs; with: Costs }[]): string {
  const change = (part: keyof Cost) => {
    const [without, withIndex] = (['without', 'with'] as const).map((side) =>
      Math.round(pairs.reduce((sum, pair) => sum + pair[side][operation][part], 0) / pairs.length),
    );
    return `${without} → ${withIndex}`;
  };
  return `${change('cpu')} µs, ${change('wal')} B`;
}

/** The cost of a call of each operation. */
async function costsOf(db: DatabaseClient, workspaceId: string): Promise<Costs> {
  const actor = { workspaceId, actorName: nameOfKey('bench'), scopes: new Set(['users:write'] as const) };
  let call = 0;
  const uid = () => `u${1 + ((call * 7) % WRITTEN_USERS)}`;
  // Dead rows of the measurement before would slow down this one.
  await db.execute`/* vacuum */ VACUUM (INDEX_CLEANUP ON) users, events`;
  const operations: Record<OperationName, () => Promise<unknown>> = {
    'updateUser, an attribute': () => updateUser(db, actor, { uid: uid(), meta: { city: `Lagos ${call % VALUES}` } }),
    'updateUser, appVersion': () => updateUser(db, actor, { uid: uid(), appVersion: `${call % VALUES}.0` }),
    addEvent: () =>
      addEvent(db, actor, {
        uid: uid(),
        name: EVENT,
        properties: { product: `C${call % VALUES}`, amount: call % 10_000 },
      }),
  };
  const costs: Partial<Costs> = {};
  for (const name of operationNames) {
    const repeat = async (calls: number) => {
      const work = async () => {
        for (let done = 0; done < calls / CONCURRENCY; done += 1) {
          call += 1;
          await operations[name]();
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, work));
    };
    await repeat(WARM_UP_CALLS);
    const before = await readCounters(db);
    await repeat(CALLS);
    const after = await readCounters(db);
    costs[name] = { cpu: (after.cpu - before.cpu) / CALLS, wal: (after.wal - before.wal) / CALLS };
  }
  // Each operation has been measured.
  return costs as Costs;
}

/** The CPU time in µs that the session has used, and the bytes of WAL that the server has written. */
async function readCounters(db: DatabaseClient): Promise<Cost> {
  const [row] = await db.query<{ pid: number; wal: string }[]>`/* readCounters */
    SELECT pg_backend_pid() AS pid, (pg_current_wal_insert_lsn() - '0/0')::text AS wal`;
  return { cpu: await sessionCpuUs(row?.pid), wal: Number(row?.wal) };
}

async function save(db: DatabaseClient, workspaceId: string): Promise<void> {
  await db.execute(Prisma.sql`/* saveUsers */ CREATE TABLE IF NOT EXISTS bench_saved_users AS
    SELECT id, meta, app_version, updated_at FROM users WHERE workspace_id = ${Prisma.raw(`'${workspaceId}'`)}::uuid
      AND uid IN (SELECT 'u' || n FROM generate_series(1, ${Prisma.raw(String(WRITTEN_USERS))}) AS n)`);
}

async function restore(db: DatabaseClient, workspaceId: string): Promise<void> {
  await db.execute`/* restoreUsers */ UPDATE users SET meta = saved.meta, app_version = saved.app_version, updated_at = saved.updated_at
    FROM bench_saved_users AS saved WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = saved.id`;
  await db.execute`/* dropSavedUsers */ DROP TABLE bench_saved_users`;
  const written = new Date(FILL_END);
  await db.execute`/* deleteEvents */ DELETE FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND name = ${EVENT} AND timestamp >= ${written}`;
  await db.execute`/* deleteAuditEntries */ DELETE FROM changes WHERE workspace_id = ${workspaceId}::uuid AND at >= ${written}`;
  await db.execute`/* vacuum */ VACUUM ANALYZE`;
}
