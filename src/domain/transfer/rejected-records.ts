import type { ReadDb } from '../../db/client.ts';
import type { ValidationIssue } from '../shared/errors.ts';
import type { TransferJob } from './jobs.ts';
import { readStoredFile } from './stored-files.ts';

/** A record that an import has rejected, as its line of the file of rejected records has it. */
export interface RejectedRecord {
  /** The line in the imported file at which the record begins, from 1. */
  line: number;
  errors: ValidationIssue[];
  /** The record as it was received: an object, or text that could not be parsed. */
  record: unknown;
}

/** Reads the first rejected records of an import whose files are stored. */
export async function readRejectedRecords(
  db: ReadDb,
  job: Pick<TransferJob, 'workspaceId' | 'id'>,
  limit: number,
): Promise<RejectedRecord[]> {
  const records: RejectedRecord[] = [];
  // Each chunk has whole lines: it was written by one step.
  for await (const chunk of readStoredFile(db, job, 'rejected')) {
    for (const line of chunk.toString().split('\n')) {
      if (records.length === limit) return records;
      if (line !== '') records.push(JSON.parse(line));
    }
  }
  return records;
}
