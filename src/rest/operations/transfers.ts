import { z } from 'zod';
import { readSegments } from '../../domain/segments/segment.ts';
import { ForbiddenError, NotFoundError } from '../../domain/shared/errors.ts';
import type { Scope } from '../../domain/shared/scopes.ts';
import { newDownloadToken } from '../../domain/transfer/downloads.ts';
import { readJob, type TransferJob } from '../../domain/transfer/jobs.ts';
import { cancelJob, createStoredJob } from '../../domain/transfer/queue.ts';
import { importScopes } from '../file-operations.ts';
import { checkFilterScopes, checkFilterSize, filterSchema } from '../filter.ts';
import { operation, type RestContext } from '../operation.ts';
import { lowerCaseUuid } from '../schemas.ts';
import {
  exampleExport,
  exampleImport,
  exportKinds,
  exportObject,
  importKinds,
  importObject,
  type RecordType,
  recordTypes,
  toExportObject,
  toImportObject,
  typeOf,
} from '../transfers.ts';

const tag = 'Bulk';

const idParams = z.object({ id: lowerCaseUuid.meta({ format: 'uuid', description: 'The id of the job.' }) });

const notFound = { status: 404, description: 'The job does not exist, or has expired.' } as const;

const tooMany = { status: 409, description: 'The workspace has too many unfinished imports and exports.' } as const;

/** The scopes for exporting records, besides `users:read`. */
const EXPORT_SCOPES: Record<RecordType, readonly Scope[]> = {
  users: ['lists:read'],
  events: ['events:read'],
  lists: ['lists:read'],
};

/** @throws {ForbiddenError} naming a scope that the caller does not have. */
export function requireScopes({ viewer }: Pick<RestContext, 'viewer'>, action: string, scopes: readonly Scope[]): void {
  for (const scope of scopes) if (!viewer.scopes.has(scope)) throw new ForbiddenError(action, scope);
}

/** The scopes for starting a job, which are required to cancel it and to read its records as well. */
export function scopesOf({ kind }: TransferJob): readonly Scope[] {
  const type = typeOf(kind);
  return kind === importKinds[type] ? importScopes[type] : EXPORT_SCOPES[type];
}

/** The direction of a job. */
type Direction = 'import' | 'export';

/** @throws {NotFoundError} if the workspace has no such job of the direction whose files are stored. */
export async function findJob(
  { db, viewer }: Pick<RestContext, 'db' | 'viewer'>,
  id: string,
  direction: Direction,
): Promise<TransferJob> {
  const job = await readJob(db, viewer.workspaceId, id);
  if (!job?.isStored || !job.kind.startsWith(direction)) throw new NotFoundError(resourceOf(direction));
  return job;
}

const resourceOf = (direction: Direction) => (direction === 'import' ? 'Import' : 'Export');

export const retrieveImportOperation = operation({
  operationId: 'retrieveImport',
  tag,
  method: 'GET',
  readsPrimary: true,
  path: '/imports/{id}',
  summary: 'Retrieve an Import',
  description: 'Returns the progress of an import.',
  scope: 'users:read',
  request: { params: idParams },
  requestExamples: {},
  response: importObject,
  responseExamples: { completed: { summary: 'A completed import', value: exampleImport } },
  errors: [notFound],
  input: z.object({ params: idParams }),
  handle: async (context, { params }) => toImportObject(await findJob(context, params.id, 'import')),
});

const DELETION = `Afterwards, the job and its files are deleted.`;

export const cancelImportOperation = operation({
  operationId: 'cancelImport',
  tag,
  method: 'DELETE',
  path: '/imports/{id}',
  summary: 'Cancel an Import',
  description: `Cancels an import that is not complete; the records that it has written stay. ${DELETION} Also requires the scopes for starting
the import.`,
  scope: 'users:read',
  request: { params: idParams },
  requestExamples: {},
  response: importObject,
  responseExamples: {},
  errors: [notFound],
  input: z.object({ params: idParams }),
  handle: async (context, { params }) => toImportObject(await cancel(context, params.id, 'import')),
});

async function cancel(context: RestContext, id: string, direction: Direction): Promise<TransferJob> {
  const found = await findJob(context, id, direction);
  const action = direction === 'import' ? 'Cancel an Import' : 'Cancel an Export';
  requireScopes(context, action, scopesOf(found));
  const job = await cancelJob(context.db, found);
  if (!job) throw new NotFoundError(resourceOf(direction));
  return job;
}

/** Strict: a misspelled filter would export other users. */
const exportBody = z.strictObject({
  type: z.enum(recordTypes).meta({ description: 'What to export.' }),
  format: z.enum(['ndjson', 'csv']).default('ndjson').meta({ description: 'The format of the file.' }),
  gzip: z.boolean().default(false).meta({ description: 'Whether the file is compressed with gzip.' }),
  where: z
    .lazy(() => filterSchema)
    .optional()
    .meta({ description: 'Exports only the users who match this filter, as for `POST /users/search`.' }),
  segment: lowerCaseUuid.optional().meta({ format: 'uuid', description: 'Exports only the members of this segment.' }),
});

export const createExportOperation = operation({
  operationId: 'createExport',
  tag,
  method: 'POST',
  path: '/exports',
  summary: 'Start an Export',
  description: `Starts an export in the background. Also requires \`lists:read\` for users and lists, and \`events:read\` for events, and the
scopes of the fields that a filter names.`,
  scope: 'users:read',
  request: { body: exportBody },
  requestExamples: {
    users: { summary: 'All users', value: { type: 'users' } },
    members: {
      summary: 'Members of a segment as CSV',
      value: { type: 'users', format: 'csv', gzip: true, segment: '0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a11' },
    },
  },
  response: exportObject,
  responseExamples: { completed: { summary: 'A completed export', value: exampleExport } },
  errors: [{ status: 404, description: 'The segment does not exist.' }, tooMany],
  input: z.object({
    body: exportBody.superRefine(({ type, where, segment }, context) => {
      for (const [name, value] of Object.entries({ where, segment })) {
        if (type === 'users' || value === undefined) continue;
        const message = 'applies to users only';
        context.addIssue({ code: 'custom', path: [name], params: { code: 'CONTRADICTION' }, message });
      }
    }),
  }),
  checkSize: checkFilterSize,
  statusOf: () => 202,
  handle: async (context, { body: { type, where, segment, format, gzip } }) => {
    const action = 'Start an Export';
    requireScopes(context, action, [...EXPORT_SCOPES[type], ...(segment ? (['segments:read'] as const) : [])]);
    if (where) checkFilterScopes(context, where);
    if (segment && !(await readSegments(context.db, context.viewer.workspaceId, [segment])).has(segment)) {
      throw new NotFoundError('Segment');
    }
    const job = await createStoredJob(context.db, context.viewer, {
      kind: exportKinds[type],
      state: 'waiting',
      options: { format, gzip, ...(where ? { where } : {}), ...(segment ? { segmentId: segment } : {}) },
      downloadToken: newDownloadToken(context.viewer.workspaceId),
    });
    return toExportObject(job);
  },
});

export const retrieveExportOperation = operation({
  operationId: 'retrieveExport',
  tag,
  method: 'GET',
  readsPrimary: true,
  path: '/exports/{id}',
  summary: 'Retrieve an Export',
  description:
    'Returns the progress of an export and, once it is complete, the URL of its file, which is valid for a day.',
  scope: 'users:read',
  request: { params: idParams },
  requestExamples: {},
  response: exportObject,
  responseExamples: { completed: { summary: 'A completed export', value: exampleExport } },
  errors: [notFound],
  input: z.object({ params: idParams }),
  handle: async (context, { params }) => {
    const job = await findJob(context, params.id, 'export');
    // The URL gives access to the records.
    requireScopes(context, 'Retrieve an Export', scopesOf(job));
    return toExportObject(job);
  },
});

export const cancelExportOperation = operation({
  operationId: 'cancelExport',
  tag,
  method: 'DELETE',
  path: '/exports/{id}',
  summary: 'Cancel an Export',
  description: `Cancels an export that is not complete. ${DELETION} Also requires the scopes for starting the export.`,
  scope: 'users:read',
  request: { params: idParams },
  requestExamples: {},
  response: exportObject,
  responseExamples: {},
  errors: [notFound],
  input: z.object({ params: idParams }),
  handle: async (context, { params }) => toExportObject(await cancel(context, params.id, 'export')),
});
