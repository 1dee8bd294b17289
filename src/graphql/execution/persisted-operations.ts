import { readFile } from 'node:fs/promises';
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { z } from 'zod';
import { isJsonObject } from '../../domain/shared/attributes.ts';

/** The file of persisted operations cannot be used. The message says what is wrong with it, every fault at once. */
export class PersistedOperationsError extends Error {
  override name = 'PersistedOperationsError';
}

/** The operations that a frontend may ask for by an id instead of a document. */
export interface PersistedOperations {
  /** Documents by their id, which is their digest. */
  documents: ReadonlyMap<string, string>;
  /** Whether no other document is answered. */
  only: boolean;
}

const File = z.record(z.string().min(1), z.string(), { error: 'must be an object of documents by their hash' });

/** Codegen writes `sha256:` before its digests; clients of Apollo's protocol send them without. */
const toId = (hash: string) => hash.replace(/^sha256:/, '');

/**
 * Reads the file that codegen's client preset writes with `persistedDocuments`.
 * @throws {PersistedOperationsError}
 */
export async function readPersistedOperations(settings: { file: string; only: boolean }): Promise<PersistedOperations> {
  const { file, only } = settings;
  const refuse = (reason: string) => new PersistedOperationsError(`PERSISTED_OPERATIONS (${file}): ${reason}`);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw refuse(`it cannot be read: ${error.message}`);
  });
  const { data, error } = File.safeParse(jsonOf(text));
  if (!data) throw refuse(error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '));
  return { documents: new Map(Object.entries(data).map(([hash, document]) => [toId(hash), document])), only };
}

/** What a text holds as JSON; undefined where it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Finds the id in the parameters of a request: `documentId` (GraphQL over HTTP, appendix A), or Apollo's
 * `extensions.persistedQuery`. Null where there is none.
 */
export function persistedIdOf(params: { documentId?: unknown; extensions?: unknown }): string | null {
  if (typeof params.documentId === 'string') return toId(params.documentId);
  const query = isJsonObject(params.extensions) ? params.extensions.persistedQuery : undefined;
  if (!isJsonObject(query) || query.version !== 1 || typeof query.sha256Hash !== 'string') return null;
  return toId(query.sha256Hash);
}

/** Names of parameters beyond Yoga's own. */
export const PERSISTED_PARAMS = ['documentId'];

/** Answers persisted operations, and refuses others where they are not to be answered, before they are parsed. */
export function persistedOperations({ documents, only }: PersistedOperations): Plugin {
  // Where a client may fall back on the document, this message is what has it do so (Apollo's protocol).
  const unknown = only ? 'The document is not among the persisted operations.' : 'PersistedQueryNotFound';
  return usePersistedOperations({
    allowArbitraryOperations: !only,
    getPersistedOperation: (id) => documents.get(id) ?? null,
    extractPersistedOperationId: (params, request) => persistedIdOf(withUrl(params, request)),
    customErrors: {
      notFound: () => refusal(unknown),
      keyNotFound: () => refusal('Send a query, or the id of a persisted operation as documentId.'),
      persistedQueryOnly: () => refusal('Only persisted operations are answered: send a documentId, and no query.'),
    },
  });
}

/** Yoga reads no `documentId` from an address. */
function withUrl(params: GraphQLParams, { method, url }: Request): { documentId?: unknown; extensions?: unknown } {
  const documentId = method === 'GET' ? new URL(url).searchParams.get('documentId') : null;
  return documentId === null ? params : { ...params, documentId };
}

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } });
}
