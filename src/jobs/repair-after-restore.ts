import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { repairAfterRestore } from '../domain/changes/repair.ts';
import { computeAllAgain } from '../domain/segments/complete.ts';
import { WorkspaceSegments } from '../domain/segments/workspace-segments.ts';
import type { Job } from './run-jobs.ts';

/** How often in ms a distributed database is checked for shards that were moved. */
const SHARD_CHECK_MS = 5_000;

/**
 * Repairs the log of changes at the start of the process, if the database has been restored from a dump. A shard that moves to another
 * node of a distributed database is like a restored one: the transaction ids of its nodes differ. That is checked every few seconds.
 * @param signal ends the repair between two of its transactions.
 */
export function repairRestoredDatabase(db: Database, log: Logger, signal: AbortSignal): Job {
  let nextAt = 0;
  const step = async () => {
    if (performance.now() < nextAt || signal.aborted) return false;
    const isRepaired = await repairAfterRestore(db, {
      computeSegmentsAgain: (workspaceId) => computeAllAgain(db, new WorkspaceSegments(workspaceId)),
      signal,
    });
    nextAt = db.isDistributed ? performance.now() + SHARD_CHECK_MS : Number.POSITIVE_INFINITY;
    const cause = db.isDistributed ? 'shards were moved, or' : '';
    if (isRepaired) {
      log.warn(`${cause} database was restored from a dump: repaired the log of changes; recomputing segments`.trim());
    }
    return false;
  };
  return { name: 'repair-after-restore', step, stepSize: 1, purpose: 'check whether the database has been restored' };
}
