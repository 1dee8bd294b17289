import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { runErasureStep, STEP_SIZE } from '../domain/users/erasure.ts';
import type { Job } from './run-jobs.ts';

/** Erases the data of deleted users, one user after the other. */
export function eraseDeletedUsers(db: Database, log: Logger): Job {
  const step = async (stepSize: number, skip: number) => {
    const erasure = await runErasureStep(db, stepSize, skip);
    if (!erasure) return false;
    const { isComplete, ...progress } = erasure;
    if (isComplete) log.info(progress, 'erased the data of a deleted user');
    return true;
  };
  return { name: 'erase-deleted-users', step, stepSize: STEP_SIZE, purpose: 'erase the data of deleted users' };
}
