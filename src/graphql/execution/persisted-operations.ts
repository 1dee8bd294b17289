import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type DocumentNode, GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { z } from 'zod';
import type { Viewer } from '../../auth/viewer.ts';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { checkLength } from '../checks/document.ts';
import type { AutomaticPersistedQueries } from './automatic-persisted-queries.ts';

/** The file of persisted operations is invalid. The message lists all faults. */
export class PersistedOperationsError extends Error {
  override name = 'PersistedOperationsError';
}

/** The file of persisted operations, and whether all other documents are rejected. */
export interface PersistedOperationsFile {
  file: string;
  only: boolean;
}

/** Operations that a client can request by an id instead of a document. */
export interface PersistedOperations {
  /** Documents by id, which is their digest. */
  documents: ReadonlyMap<string, string>;
  /** Whether all other documents are rejected. */
  only: boolean;
}

/** Persisted operations that were read from a file and are to be checked. */
interface UncheckedOperations extends PersistedOperations {
  /** Each key of the file with its document. The key should be the hash of the document. */
  entries: readonly (readonly [key: string, document: string])[];
}

/** As a `Map`: zod drops the key `__proto__` of a record. */
const FileContent = z
  .custom<Record<string, unknown>>(isJsonObject, { error: 'must be an object that maps hashes to documents' })
  .transform((content) => new Map(Object.entries(content)))
  .pipe(z.map(z.string().min(1), z.string()));

/** Codegen writes digests with the prefix `sha256:`; clients of Apollo's protocol send them without it. */
const toId = (hash: string) => hash.replace(/^sha256:/, '');

/**
 * Reads the file that codegen's client preset writes with `persistedDocuments`.
 * @throws {PersistedOperationsError}
 */
export async function readPersistedOperations({ file, only }: PersistedOperationsFile): Promise<UncheckedOperations> {
  const fileError = (reason: string) => new PersistedOperationsError(`PERSISTED_OPERATIONS (${file}): ${reason}`);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw fileError(`cannot read the file: ${error.message}`);
  });
  const { data, error } = FileContent.safeParse(parseJsonOrUndefined(text));
  if (!data) throw fileError(error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '));
  const entries = [...data];
  return { documents: new Map(entries.map(([key, document]) => [toId(key), document])), entries, only };
}

/** The algorithms of codegen's `hashAlgorithm` and of Relay's `persistConfig`, by the length of their digests in hex. */
const ALGORITHMS = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
]);

/** Why a document is listed under a wrong hash; undefined if it is its digest. A prefix is one of SHA-256 only. */
function describeWrongHash(key: string, document: string): string | undefined {
  const algorithm = ALGORITHMS.get(toId(key).length);
  if (!algorithm || (key !== toId(key) && algorithm !== 'sha256')) {
    const names = [...ALGORITHMS.values()].join(', ');
    return `The key must be a digest of the document in hex (${names}), for SHA-256 optionally with the prefix "sha256:".`;
  }
  const digest = hash(algorithm, document, 'hex');
  return digest === toId(key) ? undefined : `The key is not the hash of the document; its ${algorithm} is ${digest}.`;
}

function parseJsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The part of a GraphQL server that reads documents. */
interface DocumentReader<Schema> {
  schema: Schema;
  parse(text: string): DocumentNode;
  validate(schema: Schema, document: DocumentNode): readonly GraphQLError[];
}

/**
 * Compares every hash with its document, and parses and validates the document like that of a request, so that none fails
 * later.
 * @throws {PersistedOperationsError} with all faults of all documents.
 */
export function checkPersistedOperations<Schema>(
  reader: DocumentReader<Schema>,
  { entries }: UncheckedOperations,
  maxCharacters: number,
): void {
  const faults = entries.flatMap(([key, document]) => {
    const messages = errorsOf(reader, document, maxCharacters).map(({ message }) => message);
    return [describeWrongHash(key, document) ?? [], messages].flat().map((message) => `  ${key}: ${message}`);
  });
  if (faults.length === 0) return;
  throw new PersistedOperationsError(`Invalid persisted operations:\n${faults.join('\n')}`);
}

function errorsOf<Schema>(
  { schema, parse, validate }: DocumentReader<Schema>,
  text: string,
  maxCharacters: number,
): readonly GraphQLError[] {
  const tooLong = checkLength(text, maxCharacters);
  if (tooLong) return [tooLong];
  try {
    return validate(schema, parse(text));
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}

/** Names of parameters in addition to Yoga's. */
export const PERSISTED_PARAMS = ['documentId'];

/** The parameters of a request that determine its document, as received. */
interface DocumentParams {
  query?: unknown;
  /** GraphQL over HTTP, appendix A. */
  documentId?: unknown;
  /** With `persistedQuery`, in Apollo's protocol. */
  extensions?: unknown;
}

/** The origins of documents: the request itself, the file of persisted operations, and earlier requests. */
export interface DocumentSources {
  persisted: PersistedOperations | undefined;
  automatic: AutomaticPersistedQueries;
}

/**
 * Determines the document of a request.
 * @returns undefined if the request has neither a document nor an id.
 * @throws {GraphQLError} if the id is unknown or malformed, if the gateway has no persisted operations, or if it allows no other
 *   documents.
 */
export function findDocument(
  { query, documentId, extensions }: DocumentParams,
  { persisted, automatic }: DocumentSources,
  viewer: Viewer,
): unknown {
  const hash = apolloHashOf(extensions);
  if (query != null && query !== '') {
    if (persisted?.only) {
      throw badInput('Only persisted operations are allowed; send a documentId instead of a query.');
    }
    if (hash !== undefined && typeof query === 'string') automatic.store(viewer, hash, query);
    return query;
  }
  if (documentId != null && !persisted) {
    throw badInput('This gateway has no persisted operations; set PERSISTED_OPERATIONS to accept documentId.');
  }
  const id = typeof documentId === 'string' ? toId(documentId) : hash;
  if (id === undefined) {
    if (persisted) throw badInput('Send a query, or the id of a persisted operation as documentId.');
    return undefined;
  }
  const document = persisted?.documents.get(id) ?? (id === hash ? automatic.find(viewer, id) : undefined);
  if (document === undefined) throw notFound({ persisted, automatic });
  return document;
}

/**
 * Reads the hash of Apollo's protocol.
 * @returns undefined if the extensions have no persisted query.
 * @throws {GraphQLError} if the persisted query is malformed.
 */
function apolloHashOf(extensions: unknown): string | undefined {
  const persistedQuery = isJsonObject(extensions) ? extensions.persistedQuery : undefined;
  if (persistedQuery == null) return undefined;
  const { data, error } = ApolloPersistedQuery.safeParse(persistedQuery);
  if (data) return toId(data.sha256Hash);
  const issues = error.issues.map(({ path, message }) => `${['persistedQuery', ...path].join('.')} ${message}`);
  throw badInput(`Invalid extensions: ${issues.join('; ')}.`);
}

const ApolloPersistedQuery = z.object(
  {
    version: z.literal(1, { error: 'must be 1' }),
    sha256Hash: z.string({ error: 'must be a string' }),
  },
  { error: 'must be an object' },
);

/**
 * The error for an unknown id. With the code and message of the first case, clients of Apollo's protocol send the document; with
 * those of the second, they stop sending hashes. The status is 200, since `@apollo/gateway` reads no other response.
 */
function notFound({ persisted, automatic }: DocumentSources): GraphQLError {
  if (persisted?.only) return badInput('The document is not a persisted operation.');
  const isSupported = persisted !== undefined || automatic.isEnabled;
  const code = isSupported ? 'PERSISTED_QUERY_NOT_FOUND' : 'PERSISTED_QUERY_NOT_SUPPORTED';
  return new GraphQLError(isSupported ? 'PersistedQueryNotFound' : 'PersistedQueryNotSupported', {
    extensions: { code, http: { status: 200 } },
  });
}

/** Replaces ids with their documents before a document is parsed. */
export function documentSources(sources: DocumentSources): Plugin<object, { viewer: Viewer }> {
  return {
    onParams({ params, request, setParams, context: { viewer } }) {
      const query = findDocument(withDocumentIdOfUrl(params, request), sources, viewer);
      if (typeof query === 'string' && query !== params.query) setParams({ ...params, query });
    },
  };
}

/** Yoga does not read `documentId` from the URL. */
function withDocumentIdOfUrl(params: GraphQLParams, { method, url }: Request): DocumentParams {
  const documentId = method === 'GET' ? new URL(url).searchParams.get('documentId') : null;
  return documentId === null ? params : { ...params, documentId };
}

function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } });
}
