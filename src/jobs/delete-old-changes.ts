import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { deleteOldChanges, listWorkspaceIds, type RetentionPolicy, STEP_SIZE } from '../domain/changes/retention.ts';
import type { Job } from './run-jobs.ts';

/** Retention periods in days. */
export interface Retention {
  /** For changes made by usergraph itself, and for the validity of cursors. */
  logDays: number;
  /** For changes made by callers and operators; 0 keeps them forever. */
  auditDays: number;
}

/** Interval in ms between two runs over all workspaces. */
const ROUND_MS = 3_600_000;

/** Deletes expired changes of all workspaces every hour. */
export function deleteOldChangesOf(db: Database, log: Logger, { logDays, auditDays }: Retention): Job {
  const policies: { policy: RetentionPolicy; days: number }[] = [
    { policy: 'log', days: logDays },
    ...(auditDays > 0 ? [{ policy: 'audit', days: auditDays } as const] : []),
  ];
  let tasks: { workspaceId: string; policy: RetentionPolicy; days: number }[] = [];
  let nextRoundAt = 0;
  let deletedInRound = 0;
  const step = async (stepSize: number, skip: number) => {
    if (tasks.length === 0) {
      if (performance.now() < nextRoundAt) return false;
      const ids = await listWorkspaceIds(db);
      tasks = ids.flatMap((workspaceId) => policies.map((policy) => ({ workspaceId, ...policy })));
      nextRoundAt = performance.now() + ROUND_MS;
      deletedInRound = 0;
    }
    const task = tasks[skip];
    if (!task) return false;
    const { deleted, isComplete } = await deleteOldChanges(db, task.workspaceId, task, stepSize);
    deletedInRound += deleted;
    if (isComplete) tasks.splice(skip, 1);
    if (tasks.length === 0 && deletedInRound > 0) log.info({ deleted: deletedInRound }, 'deleted old changes');
    return true;
  };
  return { name: 'delete-old-changes', step, stepSize: STEP_SIZE, purpose: 'delete old changes' };
}
