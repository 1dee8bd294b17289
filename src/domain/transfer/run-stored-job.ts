import type { Database } from '../../db/client.ts';
import type { TransferJob } from './jobs.ts';

/**
 * Runs a job whose files are stored, from its position to its end.
 * @param owner the process that has taken the job. @param signal stops the job after its current step.
 * @throws {JobTakenError}
 * @throws {ImportFileError} if its file cannot be imported.
 * @throws the reason of the signal.
 */
export async function runStoredJob(
  _db: Database,
  job: TransferJob,
  _owner: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  throw new Error(`Not implemented: ${job.kind}.`);
}

/** Why a job failed, for its owner; undefined for an unexpected error. */
export function describeJobFailure(_error: unknown): string | undefined {
  return undefined;
}
