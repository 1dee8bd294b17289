import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { advanceDeclaration, analyzeValues, STEP_SIZE } from '../domain/attributes/fill.ts';
import { type Job, POLL_MS, startStepJob } from './step-job.ts';

/** Starts to store the values of declared attributes, and to delete those of attributes that are no longer declared. */
export function startStoringAttributes(db: Database, log: Logger, pollMs = POLL_MS): Job {
  const step = async (stepSize: number, skip: number) => {
    const done = await advanceDeclaration(db, { stepSize, skip });
    if (!done) return false;
    const { isComplete, task, ...progress } = done;
    if (isComplete && task === 'store') await analyzeValues(db);
    if (isComplete) log.info(progress, task === 'store' ? 'a declared attribute is ready' : 'undeclared an attribute');
    return true;
  };
  return startStepJob({ step, stepSize: STEP_SIZE, purpose: 'store the values of declared attributes' }, log, pollMs);
}
