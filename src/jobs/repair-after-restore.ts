import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { repairAfterRestore } from '../domain/changes/repair.ts';
import { computeAllAgain } from '../domain/segments/complete.ts';
import { WorkspaceSegments } from '../domain/segments/workspace-segments.ts';
import type { Job } from './run-jobs.ts';

/**
 * Repairs the log of changes once, at the start of the process, if the database has been restored from a dump.
 * @param signal ends the repair between two of its transactions.
 */
export function repairRestoredDatabase(db: Database, log: Logger, signal: AbortSignal): Job {
  let isDone = false;
  const step = async () => {
    if (isDone || signal.aborted) return false;
    const isRepaired = await repairAfterRestore(db, {
      computeSegmentsAgain: (workspaceId) => computeAllAgain(db, new WorkspaceSegments(workspaceId)),
      signal,
    });
    isDone = true;
    if (isRepaired) log.warn('database was restored from a dump: repaired the log of changes; recomputing segments');
    return false;
  };
  return { name: 'repair-after-restore', step, stepSize: 1, purpose: 'check whether the database has been restored' };
}
