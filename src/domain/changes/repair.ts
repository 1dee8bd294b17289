import type { Database, WriteDb } from '../../db/client.ts';
import { inWorkspace } from '../../db/sql.ts';
import { inTransaction } from '../../db/transaction.ts';
import { resetRetention } from './retention.ts';

/** Options of `repairAfterRestore`. */
export interface RepairOptions {
  /** Ends the repair between two transactions. The next call continues it. */
  signal?: AbortSignal | undefined;
  /**
   * Recomputes all segments of a workspace, and resets their position in the log to now. Called before the changes are
   * repaired.
   */
  computeSegmentsAgain(workspaceId: string): Promise<void>;
}

/** Maximum number of changes repaired by one transaction. */
const STEP_SIZE = 5_000;

/** The key of the advisory lock that serializes repair steps. */
const LOCK = 'repairAfterRestore';

/**
 * Repairs the log of changes after the database was restored from a dump. The new server assigns smaller transaction
 * ids than the stored ones: readers would not see stored changes until the server reaches their ids, and consumers
 * would miss new changes. If a workspace has a change or a position with a transaction id that the server has not
 * assigned yet, its segments are recomputed, and its changes get the id 0, which sorts before all others. Cursors of
 * clients expire because the table has a new oid (`page.ts`).
 *
 * Runs in idempotent steps, so that several gateways can start concurrently, and a killed gateway loses no work.
 * @returns whether anything had to be repaired.
 * @throws the reason of the signal if it is aborted.
 */
export async function repairAfterRestore(
  db: Database,
  { signal, computeSegmentsAgain }: RepairOptions,
): Promise<boolean> {
  const workspaceIds = await findRestored(db);
  for (const workspaceId of workspaceIds) {
    signal?.throwIfAborted();
    await computeSegmentsAgain(workspaceId);
    do signal?.throwIfAborted();
    while (await repairStep(db, workspaceId));
  }
  return workspaceIds.length > 0;
}

/** Finds workspaces with a change or a consumer position whose transaction id the server has not assigned yet. */
async function findRestored(db: WriteDb): Promise<string[]> {
  const rows = await db.queryAllWorkspaces<{ id: string }[]>`/* findRestoredWorkspaces */
    WITH server AS MATERIALIZED (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_xid)
    SELECT workspaces.workspace_id AS id FROM workspaces
    WHERE (SELECT next_xid FROM server) <= (
      SELECT xid FROM changes WHERE changes.workspace_id = workspaces.workspace_id ORDER BY xid DESC, seq DESC LIMIT 1
    ) OR EXISTS (
      SELECT FROM change_consumers AS consumer
      WHERE consumer.workspace_id = workspaces.workspace_id AND (SELECT next_xid FROM server) < CASE
        WHEN consumer.snapshot LIKE '%-%' THEN split_part(consumer.snapshot, '-', 1)::bigint
        ELSE (SELECT max(xid::bigint) FROM regexp_split_to_table(consumer.snapshot, '[^0-9]+') AS xid WHERE xid <> '')
      END
    )`;
  return rows.map(({ id }) => id);
}

/**
 * Repairs the changes of a workspace with the smallest ids, as long as the workspace has a change whose id the server
 * has not assigned yet. Gateways run the repair before they serve requests (process/serve.ts), so that all changes are
 * restored ones.
 * @returns whether there may be more.
 */
function repairStep(db: Database, workspaceId: string): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    await tx.query`/* lockRepair */ SELECT pg_advisory_xact_lock(hashtextextended(${LOCK}, 0)) ${inWorkspace(workspaceId)}`;
    await resetRetention(tx, workspaceId);
    const count = await tx.execute`/* repairChanges */
      UPDATE changes SET xid = 0
      WHERE changes.workspace_id = ${workspaceId}::uuid AND (changes.xid, changes.seq) IN (
        SELECT restored.xid, restored.seq FROM changes AS restored
        WHERE restored.workspace_id = ${workspaceId}::uuid AND restored.xid > 0 AND EXISTS (
          SELECT FROM changes AS latest
          WHERE latest.workspace_id = ${workspaceId}::uuid
            AND latest.xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        )
        ORDER BY restored.xid, restored.seq LIMIT ${STEP_SIZE}
      )`;
    return count === STEP_SIZE;
  });
}
