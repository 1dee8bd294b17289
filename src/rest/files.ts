import { Readable } from 'node:stream';
import { createGunzip, createGzip, constants as zlib } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DatabaseClient } from '../db/client.ts';
import { isJsonObject } from '../domain/shared/attributes.ts';
import { NotFoundError, ValidationError } from '../domain/shared/errors.ts';
import { validationIssues } from '../domain/shared/validation.ts';
import { findDownload } from '../domain/transfer/downloads.ts';
import type { TransferJob } from '../domain/transfer/jobs.ts';
import { type ImportOptions, importOptions } from '../domain/transfer/open.ts';
import { receiveImport } from '../domain/transfer/receive.ts';
import { readStoredFile } from '../domain/transfer/stored-files.ts';
import { type Admit, requireViewer, viewerOf } from '../http/authentication.ts';
import { receiveUpload } from '../http/lifecycle/uploads.ts';
import { POINTS } from '../http/limits/rate.ts';
import { MalformedRequestError } from '../http/malformed-requests.ts';
import type { HttpLimits } from '../http/server.ts';
import { handleRestError } from './error-handler.ts';
import {
  importFormats,
  importQuery,
  importScopes,
  rejectedRecordsOperation,
  uploadOperations,
} from './file-operations.ts';
import { findJob, requireScopes, scopesOf } from './operations/transfers.ts';
import { withArrays } from './query.ts';
import { lowerCaseUuid } from './schemas.ts';
import { exportKinds, importKinds, type RecordType, recordTypes, toImportObject } from './transfers.ts';

/** Limits of uploads; a client may send nothing for `arrivalMs`. */
export type FileLimits = Pick<HttpLimits, 'importBytes' | 'arrivalMs'>;

interface FileRoutesOptions {
  db: DatabaseClient;
  admit: Admit;
  limits: FileLimits;
}

/** Routes whose bodies are files: uploads of imports, their rejected records, and downloads of exports. */
export async function fileRoutes(app: FastifyInstance, { db, admit, limits }: FileRoutesOptions): Promise<void> {
  const options = { db, admit, limits };
  app.setErrorHandler(handleRestError);
  await app.register(downloadRoute, options);
  await app.register(rejectedRecordsRoute, options);
  for (const type of recordTypes) await app.register(uploadRoute, { ...options, type });
}

/** An uploaded file is stored while it arrives, so that its size is not limited by memory. */
async function uploadRoute(
  app: FastifyInstance,
  { db, admit, limits, type }: FileRoutesOptions & { type: RecordType },
): Promise<void> {
  requireViewer(app, admit);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(Object.keys(importFormats), async (request: FastifyRequest, body: Readable) => {
    const viewer = viewerOf(request);
    const file = compressUnlessGzip(body);
    const job = { kind: importKinds[type], options: toImportOptions(request) };
    return receiveImport(db.forWorkspace(viewer.workspaceId), viewer, job, file, limits.importBytes);
  });
  app.addContentTypeParser('*', async ({ headers }: FastifyRequest) => {
    throw unsupportedMediaType(headers['content-type']);
  });
  app.post<{ Body?: TransferJob }>(`/imports/${type}`, {
    config: { points: POINTS.request + POINTS.write, isUpload: true },
    preParsing: async (request, reply, body) => {
      toImportOptions(request);
      requireScopes({ viewer: viewerOf(request) }, uploadOperations[type].summary, importScopes[type]);
      return Readable.from(receiveUpload(request, reply, body, limits.arrivalMs), { objectMode: false });
    },
    handler: async ({ body, headers }, reply) => {
      if (!body) throw unsupportedMediaType(headers['content-type']);
      return reply.code(202).header('location', `/v1/imports/${body.id}`).send(toImportObject(body));
    },
  });
}

/** Compresses a file, unless it is compressed already, whether a header says so or not. */
async function* compressUnlessGzip(source: Readable): AsyncGenerator<Buffer> {
  const parts = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  for (let part = await parts.next(); !part.done; part = await parts.next()) {
    head = Buffer.concat([head, part.value]);
    if (head.length >= GZIP_MAGIC.length) break;
  }
  async function* whole() {
    yield head;
    yield* { [Symbol.asyncIterator]: () => parts };
  }
  const isCompressed = head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
  yield* isCompressed ? whole() : Readable.from(whole(), { objectMode: false }).compose(createGzip(FAST));
}

/** The first bytes of a gzip file. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** Compression costs less CPU time than PostgreSQL needs to store the bytes that it saves. */
const FAST = { level: zlib.Z_BEST_SPEED };

function unsupportedMediaType(received = 'none'): MalformedRequestError {
  const types = Object.keys(importFormats).join(' or ');
  return new MalformedRequestError(415, `Content-Type must be ${types}; got ${received.slice(0, 100)}.`);
}

/** @throws {ValidationError} */
function toImportOptions({ headers, query }: FastifyRequest): ImportOptions {
  const parsed = importQuery.safeParse(withArrays(isJsonObject(query) ? query : {}));
  if (!parsed.success) throw new ValidationError(validationIssues(parsed.error.issues));
  const { 'map[]': map, 'type[]': types, ...others } = parsed.data;
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';');
  const format = importFormats[mediaType.trim().toLowerCase()];
  return importOptions.parse({ format, ...others, map, types });
}

/** @throws {ValidationError} */
function parseId({ id }: { id: string }): string {
  const parsed = lowerCaseUuid.safeParse(id);
  if (parsed.success) return parsed.data;
  throw new ValidationError(validationIssues(parsed.error.issues).map((issue) => ({ ...issue, path: ['id'] })));
}

async function rejectedRecordsRoute(app: FastifyInstance, { db, admit }: FileRoutesOptions): Promise<void> {
  requireViewer(app, admit);
  app.get<{ Params: { id: string } }>('/imports/:id/rejected', {
    config: { points: POINTS.request },
    handler: async (request, reply) => {
      const viewer = viewerOf(request);
      const { summary, scopes = [] } = rejectedRecordsOperation;
      requireScopes({ viewer }, summary, scopes);
      const context = { db: db.forWorkspace(viewer.workspaceId), viewer };
      const job = await findJob(context, parseId(request.params), 'import');
      requireScopes(context, summary, scopesOf(job));
      return reply.type('application/x-ndjson').send(Readable.from(readStoredFile(context.db, job, 'rejected')));
    },
  });
}

/** Needs no credentials: the token in the URL gives access to one file. */
async function downloadRoute(app: FastifyInstance, { db }: FileRoutesOptions): Promise<void> {
  app.get<{ Params: { id: string }; Querystring: { token?: unknown } }>('/exports/:id/file', async (request, reply) => {
    const { params, query } = request;
    const token = typeof query.token === 'string' ? query.token : '';
    const job = await findDownload(db.forWorkspace, parseId(params), token);
    if (!job) throw new NotFoundError('Export');
    return sendFile(reply, job, Readable.from(readStoredFile(db.forWorkspace(job.workspaceId), job, 'output')));
  });
}

/** Sends a file, which is stored compressed, as the export requested it. */
function sendFile(reply: FastifyReply, { kind, options }: TransferJob, stored: Readable): FastifyReply {
  const type = recordTypes.find((each) => exportKinds[each] === kind);
  const format = options.format === 'csv' ? 'csv' : 'ndjson';
  const name = `${type}.${format}${options.gzip ? '.gz' : ''}`;
  const mediaType = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson';
  return reply
    .type(options.gzip ? 'application/gzip' : mediaType)
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('cache-control', 'private, no-store')
    .send(options.gzip ? stored : stored.compose(createGunzip()));
}
