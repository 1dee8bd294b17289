import { z } from 'zod';
import type { Scope } from '../domain/shared/scopes.ts';
import { storable } from '../domain/shared/text.ts';
import { cellTypes } from '../domain/transfer/fields.ts';
import { importOptions } from '../domain/transfer/open.ts';
import type { Example } from './operation.ts';
import { lowerCaseUuid } from './schemas.ts';
import { exampleImport, importObject, type RecordType } from './transfers.ts';

/** Media types of the files of imports, with their formats. */
export const importFormats: Readonly<Record<string, 'csv' | 'ndjson'>> = {
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
};

/** `NAME=VALUE`, of which the name can contain `=`. @param form how a message describes it. */
const pairs = (value: z.ZodType<string>, form: string) =>
  z
    .union([z.string().transform((text) => [text]), z.array(z.string())])
    .transform((texts, context) => {
      const entries = texts.map((text) => {
        const at = text.lastIndexOf('=');
        return [text.slice(0, Math.max(0, at)), text.slice(at + 1)] as const;
      });
      const invalid = entries.find(([name, text]) => !name || !storable(name) || !value.safeParse(text).success);
      if (!invalid) return Object.fromEntries(entries);
      context.addIssue({ code: 'custom', params: { code: 'INVALID_PAIR' }, message: `must be ${form}` });
      return z.NEVER;
    })
    .optional();

const { encoding, delimiter, decimal, dates, unknown } = importOptions.shape;

/** How the file of an import is read, as for the command line. */
export const importQuery = z.strictObject({
  encoding: encoding.meta({ description: 'The encoding of the file; UTF-8 by default.' }),
  delimiter: delimiter.meta({ description: 'What separates the cells of CSV; detected by default.' }),
  decimal: decimal.meta({ description: 'How CSV writes numbers: `point` (1,234.56) or `comma` (1.234,56).' }),
  dates: dates.meta({ description: 'How CSV writes dates: `dmy` (31.12.2025) or `mdy` (12/31/2025).' }),
  unknown: unknown.meta({ description: 'What becomes of columns without a field; by default, they are an error.' }),
  'map[]': pairs(z.string().min(1).refine(storable), 'COLUMN=FIELD').meta({
    type: 'array',
    items: { type: 'string' },
    description: 'The field of a column of CSV, as `COLUMN=FIELD`; `COLUMN=-` ignores the column. Can be repeated.',
  }),
  'type[]': pairs(z.enum(cellTypes), `FIELD=TYPE with one of the types ${cellTypes.join(', ')}`).meta({
    type: 'array',
    items: { type: 'string' },
    description: `The type of an attribute of CSV, as \`FIELD=TYPE\`: ${cellTypes.join(', ')}. Guessed by default. Can be repeated.`,
  }),
});

/** An operation whose request or response is a file, for the OpenAPI document; `files.ts` implements it. */
export interface FileOperation {
  operationId: string;
  method: 'GET' | 'POST';
  path: string;
  summary: string;
  description: string;
  /** Undefined: the operation needs no credentials. */
  scopes?: readonly Scope[];
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Media types of the request's file. */
  requestTypes?: readonly string[];
  status: 200 | 202;
  /** The body of the response: a JSON object, or the media types of a file. */
  response: { schema: z.ZodType; examples: Record<string, Example> } | { types: readonly string[] };
  errors: { status: 404 | 408 | 409; description: string }[];
}

const id = lowerCaseUuid.meta({ format: 'uuid', description: 'The id of the job.' });
const missing = { status: 404, description: 'The job does not exist, or has expired.' } as const;

/** The scopes for importing records. */
export const importScopes: Record<RecordType, readonly Scope[]> = {
  users: ['users:identify', 'users:read', 'users:write', 'lists:write'],
  events: ['users:read', 'events:read', 'events:write'],
  lists: ['users:read', 'lists:read', 'lists:write'],
};

/** The operation that starts an import of records of a type. */
function uploadOperation(type: RecordType): FileOperation {
  const title = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return {
    operationId: `import${title}`,
    method: 'POST',
    path: `/imports/${type}`,
    summary: `Import ${title}`,
    description: `Uploads a file of any length, with \`Content-Encoding: gzip\` if it is compressed, and imports its records in the background.
\`docs/import-export.md\` describes the formats.`,
    scopes: importScopes[type],
    query: importQuery,
    requestTypes: Object.keys(importFormats),
    status: 202,
    response: { schema: importObject, examples: { accepted: { summary: 'The import', value: exampleImport } } },
    errors: [
      { status: 408, description: 'The upload stalled; nothing was imported.' },
      { status: 409, description: 'The workspace has too many unfinished imports and exports.' },
    ],
  };
}

/** The operations that start imports, by the type of their records. */
export const uploadOperations: Readonly<Record<RecordType, FileOperation>> = {
  users: uploadOperation('users'),
  events: uploadOperation('events'),
  lists: uploadOperation('lists'),
};

export const rejectedRecordsOperation: FileOperation = {
  operationId: 'downloadRejectedRecords',
  method: 'GET',
  path: '/imports/{id}/rejected',
  summary: 'Download rejected records',
  description: `Returns the records of an import that were rejected so far, each with its line and the reasons. Also requires the scopes for
starting the import.`,
  scopes: ['users:read'],
  params: z.object({ id }),
  status: 200,
  response: { types: ['application/x-ndjson'] },
  errors: [missing],
};

export const downloadOperation: FileOperation = {
  operationId: 'downloadExport',
  method: 'GET',
  path: '/exports/{id}/file',
  summary: 'Download an Export',
  description:
    'Returns the file of a completed export. Needs no credentials, but the token in the `url` of the export.',
  params: z.object({ id }),
  query: z.object({ token: z.string().meta({ description: 'As in the `url` of the export.' }) }),
  status: 200,
  response: { types: ['application/x-ndjson', 'text/csv', 'application/gzip'] },
  errors: [missing],
};

/** All of them. */
export const fileOperations: readonly FileOperation[] = [
  ...Object.values(uploadOperations),
  rejectedRecordsOperation,
  downloadOperation,
];
