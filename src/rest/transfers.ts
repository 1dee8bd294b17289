import { z } from 'zod';
import { downloadPath, rejectedRecordsPath } from '../domain/transfer/downloads.ts';
import type { TransferJob, TransferKind } from '../domain/transfer/jobs.ts';
import { toRestInstant } from './users.ts';

/** What can be imported and exported, as paths and bodies name it. */
export const recordTypes = ['users', 'events', 'lists'] as const;

export type RecordType = (typeof recordTypes)[number];

export const importKinds: Record<RecordType, TransferKind> = {
  users: 'importUsers',
  events: 'importEvents',
  lists: 'importLists',
};

export const exportKinds: Record<RecordType, TransferKind> = {
  users: 'exportUsers',
  events: 'exportEvents',
  lists: 'exportLists',
};

/** What a job transfers. */
export const typeOf = (kind: TransferKind): RecordType =>
  recordTypes.find((type) => importKinds[type] === kind || exportKinds[type] === kind) ?? 'users';

const instant = (description: string) => z.string().nullable().meta({ format: 'date-time', description });

/** The fields that imports and exports have in common. */
const jobFields = {
  id: z.string().meta({ description: 'The identifier of the job.' }),
  type: z.enum(recordTypes).meta({ description: 'What is transferred.' }),
  state: z.enum(['receiving', 'waiting', 'running', 'completed', 'failed', 'canceled']).meta({
    description: '`receiving`: the file is being uploaded; `waiting`: the job starts as soon as others have ended.',
  }),
  created_at: z.string().meta({ format: 'date-time' }),
  started_at: instant('Null until the job has started.'),
  completed_at: instant('When the job completed, failed or was canceled; null until then.'),
  expires_at: instant('When the job and its files are deleted; null until it has ended.'),
  error: z.string().nullable().meta({ description: 'Why the job failed; null unless it did.' }),
};

const url = (description: string) => z.string().nullable().meta({ format: 'uri-reference', description });

export const importObject = z
  .object({
    ...jobFields,
    bytes_total: z.int().nullable().meta({ description: 'Stored size of the file; null while it is being uploaded.' }),
    bytes_read: z.int().meta({ description: 'How much of the stored file has been processed.' }),
    read: z.int().meta({ description: 'Number of records that have been processed.' }),
    written: z.int().meta({ description: 'Number of records that were written.' }),
    rejected: z.int().meta({ description: 'Number of records that were rejected.' }),
    rejected_url: url('The path of the rejected records; null if there are none.'),
  })
  .meta({ id: 'Import', description: 'An import in the background.' });

export const exportObject = z
  .object({
    ...jobFields,
    records_total: z.int().nullable().meta({ description: 'Number of records; null until it is known.' }),
    records_written: z.int().meta({ description: 'Number of records written so far.' }),
    url: url('The path of the file, which needs no credentials; null until the export is complete.'),
  })
  .meta({ id: 'Export', description: 'An export in the background.' });

const toRestJob = ({ id, kind, state, createdAt, startedAt, completedAt, expiresAt, error }: TransferJob) => ({
  id,
  type: typeOf(kind),
  state,
  created_at: toRestInstant(createdAt),
  started_at: startedAt && toRestInstant(startedAt),
  completed_at: completedAt && toRestInstant(completedAt),
  expires_at: expiresAt && toRestInstant(expiresAt),
  error,
});

export const toImportObject = (job: TransferJob): z.output<typeof importObject> => ({
  ...toRestJob(job),
  bytes_total: job.bytesTotal,
  bytes_read: job.bytesRead,
  read: job.recordsRead,
  written: job.written,
  rejected: job.rejected,
  rejected_url: rejectedRecordsPath(job),
});

export const toExportObject = (job: TransferJob): z.output<typeof exportObject> => ({
  ...toRestJob(job),
  records_total: job.recordsTotal,
  records_written: job.written,
  url: downloadPath(job),
});

export const exampleImport: z.output<typeof importObject> = {
  id: '0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a11',
  type: 'users',
  state: 'completed',
  created_at: '2026-01-12T05:24:39.062+00:00',
  started_at: '2026-01-12T05:24:40.117+00:00',
  completed_at: '2026-01-12T05:24:52.803+00:00',
  expires_at: '2026-01-19T05:24:52.803+00:00',
  error: null,
  bytes_total: 9_231_004,
  bytes_read: 9_231_004,
  read: 100_000,
  written: 97_012,
  rejected: 2_988,
  rejected_url: '/v1/imports/0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a11/rejected',
};

export const exampleExport: z.output<typeof exportObject> = {
  id: '0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a12',
  type: 'users',
  state: 'completed',
  created_at: '2026-01-12T05:24:39.062+00:00',
  started_at: '2026-01-12T05:24:40.117+00:00',
  completed_at: '2026-01-12T05:24:45.803+00:00',
  expires_at: '2026-01-13T05:24:45.803+00:00',
  error: null,
  records_total: 100_000,
  records_written: 100_000,
  url: '/v1/exports/0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a12/file?token=3vYQ9mJtqk0',
};
