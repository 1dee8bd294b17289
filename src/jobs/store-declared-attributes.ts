import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { advanceDeclaration, analyzeValues, STEP_SIZE } from '../domain/attributes/fill.ts';
import type { Job } from './run-jobs.ts';

/** Stores the values of declared attributes, and deletes those of attributes that are no longer declared. */
export function storeDeclaredAttributes(db: Database, log: Logger): Job {
  let isAnalyzed = true;
  let hasLogged = false;
  /** Does not fail: the work on other declarations goes on. */
  const analyze = async () => {
    try {
      await analyzeValues(db);
      isAnalyzed = true;
      hasLogged = false;
    } catch (error) {
      if (!hasLogged) log.warn({ err: error }, 'cannot analyze the values of declared attributes; retrying');
      hasLogged = true;
    }
  };
  const step = async (stepSize: number, skip: number) => {
    const done = await advanceDeclaration(db, { stepSize, skip });
    if (!done) {
      if (!isAnalyzed) await analyze();
      return false;
    }
    const { isComplete, task, ...progress } = done;
    if (isComplete && task === 'store') {
      isAnalyzed = false;
      await analyze();
    }
    if (isComplete) log.info(progress, task === 'store' ? 'a declared attribute is ready' : 'undeclared an attribute');
    return true;
  };
  return {
    name: 'store-declared-attributes',
    step,
    stepSize: STEP_SIZE,
    purpose: 'store the values of declared attributes',
  };
}
