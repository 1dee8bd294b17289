import { downloadPath, rejectedRecordsPath } from '../../domain/transfer/downloads.ts';
import { readJob, type TransferJob, type TransferState } from '../../domain/transfer/jobs.ts';
import { type RejectedRecord, readRejectedRecords } from '../../domain/transfer/rejected-records.ts';
import type { Context } from '../context.ts';
import { builder, type Types } from './builder.ts';
import { ValidationIssueType } from './errors.ts';
import { encodeGlobalId } from './global-id.ts';

/** Maximum number of rejected records that a field returns. */
const MAX_REJECTED_RECORDS = 100;

const STATE: Record<TransferState, string> = {
  receiving: 'The file is being uploaded.',
  waiting: 'The job starts as soon as others of the workspace have ended.',
  running: 'The job is running.',
  completed: 'All records have been processed.',
  failed: 'The job has ended because of `error`. Records that were written stay.',
  canceled: 'The job was canceled. Records that were written stay.',
};

const states = Object.keys(STATE) as TransferState[];

const TransferStateType = builder.enumType('TransferState', {
  description: 'The state of an import or export.',
  values: Object.fromEntries(
    states.map((state) => [state.toUpperCase(), { value: state, description: STATE[state] }]),
  ) as Record<string, { value: TransferState; description: string }>,
});

const RecordTypeType = builder.enumType('RecordType', {
  description: 'What an import or export transfers.',
  values: {
    USERS: { value: 'Users', description: 'Users with their devices and list memberships.' },
    EVENTS: { value: 'Events', description: 'Events of users.' },
    LISTS: { value: 'Lists', description: 'Lists, without their members.' },
  } as const,
});

/** `Users` for `importUsers` and `exportUsers`. */
const recordTypeOf = ({ kind }: TransferJob) => kind.replace(/^(im|ex)port/, '') as 'Users' | 'Events' | 'Lists';

const RejectedRecordType = builder.objectRef<RejectedRecord>('RejectedRecord').implement({
  description: 'A record that an import has rejected.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    line: t.exposeInt('line', { description: 'The line of the file at which the record begins, from 1.' }),
    issues: t.field({
      type: [ValidationIssueType],
      description: 'All reasons why it was rejected.',
      resolve: ({ errors }) => errors,
    }),
    record: t.string({
      description: 'The record as JSON text.',
      resolve: ({ record }) => JSON.stringify(record),
    }),
  }),
});

/** The builder of the fields of a job. */
type TransferFields = PothosSchemaTypes.ObjectFieldBuilder<Types, TransferJob>;

const IMPORT_ID = 'ImportJob';
const EXPORT_ID = 'ExportJob';

/** The fields that imports and exports have in common. */
const commonFields = (t: TransferFields, typeName: string) => ({
  id: t.id({
    description:
      'Identifies the job in normalized caches: unique across types, opaque and stable. A job is not a `Node`.',
    resolve: ({ id }) => encodeGlobalId(typeName, id),
  }),
  type: t.field({ type: RecordTypeType, description: 'What is transferred.', resolve: recordTypeOf }),
  state: t.expose('state', { type: TransferStateType, description: 'The state of the job.' }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the job was created.' }),
  startedAt: t.expose('startedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the job started. Null until then.',
  }),
  completedAt: t.expose('completedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the job completed, failed or was canceled. Null until then.',
  }),
  expiresAt: t.expose('expiresAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the job and its files are deleted. Null until it has ended.',
  }),
  error: t.exposeString('error', { nullable: true, description: 'Why the job failed. Null unless it did.' }),
});

const ImportJob = builder.objectRef<TransferJob>('ImportJob').implement({
  description: 'An import that was started with REST (`POST /v1/imports/users`), and runs in the background.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    ...commonFields(t, IMPORT_ID),
    bytesTotal: t.exposeFloat('bytesTotal', {
      nullable: true,
      description: 'Size of the stored file in bytes. Null while it is being uploaded.',
    }),
    bytesRead: t.exposeFloat('bytesRead', { description: 'How much of the stored file has been processed.' }),
    readCount: t.exposeFloat('recordsRead', { description: 'The number of records that have been processed.' }),
    writtenCount: t.exposeFloat('written', { description: 'The number of records that were written.' }),
    rejectedCount: t.exposeFloat('rejected', { description: 'The number of records that were rejected.' }),
    rejectedUrl: t.string({
      nullable: true,
      description: 'The path of all rejected records in the REST API. Null if there are none.',
      resolve: rejectedRecordsPath,
    }),
    rejectedRecords: t.field({
      type: [RejectedRecordType],
      description: `The first rejected records, at most ${MAX_REJECTED_RECORDS}.`,
      requiresScopes: ['users:read', 'lists:read', 'events:read'],
      extensions: { cost: 10 },
      resolve: (job, _args, { db }) => readRejectedRecords(db, job, MAX_REJECTED_RECORDS),
    }),
  }),
});

const ExportJob = builder.objectRef<TransferJob>('ExportJob').implement({
  description: 'An export that was started with REST (`POST /v1/exports`), and runs in the background.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    ...commonFields(t, EXPORT_ID),
    recordsTotal: t.exposeFloat('recordsTotal', {
      nullable: true,
      description: 'The number of records. Null until it is known.',
    }),
    writtenCount: t.exposeFloat('written', { description: 'The number of records written so far.' }),
    url: t.string({
      nullable: true,
      description: `The path of the file in the REST API. It contains a token in place of credentials, and is valid until \`expiresAt\`.
Null until the export is complete.`,
      requiresScopes: ['users:read', 'lists:read', 'events:read'],
      resolve: downloadPath,
    }),
  }),
});

/** The id of a job: its UUID, as REST returns it, or its global id; undefined for any other text. */
function parseJobId(typeName: string, text: string): string | undefined {
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  const id = decoded.startsWith(`${typeName}:`) ? decoded.slice(typeName.length + 1) : text;
  return UUID.test(id) ? id.toLowerCase() : undefined;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** Reads a job whose files are stored; null if the workspace has none with the id. */
async function findJob(typeName: string, text: string, { db, viewer }: Context): Promise<TransferJob | null> {
  const id = parseJobId(typeName, text);
  const job = id === undefined ? undefined : await readJob(db, viewer.workspaceId, id);
  const prefix = typeName === IMPORT_ID ? 'import' : 'export';
  return job?.isStored && job.kind.startsWith(prefix) ? job : null;
}

const ID = 'The id of the job: as REST returned it, or the global id.';

builder.queryField('importJob', (t) =>
  t.field({
    type: ImportJob,
    nullable: true,
    description: 'Returns an import. Null if the workspace has no such import, or if it has expired.',
    requiresScopes: ['users:read'],
    args: { id: t.arg.id({ required: true, description: ID }) },
    resolve: (_root, { id }, context) => findJob(IMPORT_ID, id, context),
  }),
);

builder.queryField('exportJob', (t) =>
  t.field({
    type: ExportJob,
    nullable: true,
    description: 'Returns an export. Null if the workspace has no such export, or if it has expired.',
    requiresScopes: ['users:read'],
    args: { id: t.arg.id({ required: true, description: ID }) },
    resolve: (_root, { id }, context) => findJob(EXPORT_ID, id, context),
  }),
);
