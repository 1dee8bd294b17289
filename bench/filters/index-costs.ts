import type { DatabaseClient } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { dropIndex } from '../../src/db/indexes/manage.ts';
import { readIndexStates } from '../../src/db/indexes/state.ts';
import { addEvent } from '../../src/domain/events/add.ts';
import { nameOfKey } from '../../src/domain/shared/actor.ts';
import { updateUser } from '../../src/domain/users/upsert.ts';
import { FILL_END } from '../database/ids.ts';
import { markdownTable } from '../report/markdown-table.ts';
import type { ShowProgress } from '../report/progress.ts';
import { createIndexes, createOne, optionalIndexes } from './indexes.ts';

/** The users who are written, and the calls in flight. */
const WRITTEN_USERS = 5_000;
const CONCURRENCY = 20;
/** Duration of each measurement in ms, and of the calls before it that do not count. */
const MEASURED_MS = 6_000;
const WARM_UP_MS = 1_500;

const EVENT = 'Index cost';

type Rates = Record<string, number>;

/**
 * Measures the writes per second with each optional index, each between two measurements without any. All optional indexes are
 * dropped, and what was written is undone.
 */
export async function measureIndexCosts(
  db: DatabaseClient,
  workspaceId: string,
  showProgress: ShowProgress,
): Promise<string> {
  await createIndexes(db, false, showProgress);
  await save(db, workspaceId);
  try {
    showProgress('Measuring without optional indexes');
    let before = await ratesOf(db, workspaceId);
    const rows: string[][] = [];
    for (const name of optionalIndexes) {
      showProgress(`Creating the index ${name}`);
      const seconds = await createOne(db, name);
      const size = (await readIndexStates(db)).find((state) => state.name === name)?.size ?? 0;
      showProgress(`Measuring with the index ${name}`);
      const rates = await ratesOf(db, workspaceId);
      await dropIndex(db, name);
      showProgress('Measuring without optional indexes');
      const after = await ratesOf(db, workspaceId);
      rows.push([
        name,
        `${Math.round(size / 1024 / 1024)} MB`,
        `${seconds.toFixed(0)} s`,
        ...changesOf(rates, before, after),
      ]);
      before = after;
    }
    return markdownTable([['', 'size', 'creation', ...Object.keys(before)], ...rows]);
  } finally {
    await restore(db, workspaceId);
  }
}

const changesOf = (rates: Rates, before: Rates, after: Rates) =>
  Object.entries(rates).map(([operation, rate]) => {
    const without = ((before[operation] ?? 0) + (after[operation] ?? 0)) / 2;
    return `${Math.round(without)} → ${Math.round(rate)}/s (${Math.round((rate / without - 1) * 100)} %)`;
  });

/** Calls of each operation per second. */
async function ratesOf(db: DatabaseClient, workspaceId: string): Promise<Rates> {
  const actor = { workspaceId, actorName: nameOfKey('bench'), scopes: new Set(['users:write'] as const) };
  let call = 0;
  const uid = () => `u${1 + ((call * 7) % WRITTEN_USERS)}`;
  const operations: Record<string, () => Promise<unknown>> = {
    'updateUser, an attribute': () => updateUser(db, actor, { uid: uid(), meta: { city: `Lagos ${call % 1000}` } }),
    'updateUser, appVersion': () => updateUser(db, actor, { uid: uid(), appVersion: `${call % 1000}.0` }),
    addEvent: () =>
      addEvent(db, actor, {
        uid: uid(),
        name: EVENT,
        properties: { product: `C${call % 1000}`, amount: call % 10_000 },
      }),
  };
  const rates: Rates = {};
  for (const [name, operation] of Object.entries(operations)) {
    const next = () => {
      call += 1;
      return operation();
    };
    await repeat(next, WARM_UP_MS);
    rates[name] = await repeat(next, MEASURED_MS);
  }
  return rates;
}

/** Calls an operation again and again, `CONCURRENCY` at once. @returns calls per second. */
async function repeat(operation: () => Promise<unknown>, ms: number): Promise<number> {
  const started = performance.now();
  let calls = 0;
  const work = async () => {
    while (performance.now() < started + ms) {
      await operation();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return (calls * 1000) / (performance.now() - started);
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
  await db.execute`/* deleteAuditEntries */ DELETE FROM audit_entries WHERE workspace_id = ${workspaceId}::uuid AND at >= ${written}`;
  await db.execute`/* vacuum */ VACUUM ANALYZE`;
}
