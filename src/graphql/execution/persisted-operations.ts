import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { type DocumentNode, GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { z } from 'zod';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { checkLength } from '../checks/document.ts';

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

const FileContent = z.record(z.string().min(1), z.string(), {
  error: 'must be an object that maps hashes to documents',
});

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
  const entries = Object.entries(data);
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

/**
 * Finds the id in the parameters of a request: `documentId` (GraphQL over HTTP, appendix A) or Apollo's
 * `extensions.persistedQuery`. Null if there is none.
 */
export function persistedIdOf(params: { documentId?: unknown; extensions?: unknown }): string | null {
  if (typeof params.documentId === 'string') return toId(params.documentId);
  const query = isJsonObject(params.extensions) ? params.extensions.persistedQuery : undefined;
  if (!isJsonObject(query) || query.version !== 1 || typeof query.sha256Hash !== 'string') return null;
  return toId(query.sha256Hash);
}

/** Names of parameters in addition to Yoga's. */
export const PERSISTED_PARAMS = ['documentId'];

/** Replaces ids with their documents, and rejects other documents before they are parsed if only persisted ones are allowed. */
export function persistedOperations({ documents, only }: PersistedOperations): Plugin {
  // In Apollo's protocol, a client sends the document after this message.
  const notFound = only ? 'The document is not a persisted operation.' : 'PersistedQueryNotFound';
  return usePersistedOperations({
    allowArbitraryOperations: !only,
    getPersistedOperation: (id) => documents.get(id) ?? null,
    extractPersistedOperationId: (params, request) => persistedIdOf(withDocumentIdOfUrl(params, request)),
    customErrors: {
      notFound: () => badInput(notFound),
      keyNotFound: () => badInput('Send a query, or the id of a persisted operation as documentId.'),
      persistedQueryOnly: () =>
        badInput('Only persisted operations are allowed; send a documentId instead of a query.'),
    },
  });
}

/** Yoga does not read `documentId` from the URL. */
function withDocumentIdOfUrl(
  params: GraphQLParams,
  { method, url }: Request,
): { documentId?: unknown; extensions?: unknown } {
  const documentId = method === 'GET' ? new URL(url).searchParams.get('documentId') : null;
  return documentId === null ? params : { ...params, documentId };
}

function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } });
}
