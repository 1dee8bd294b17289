import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { Viewer } from '../../auth/viewer.ts';
import type { GraphQLLimits } from '../checks/limits.ts';
import { cacheOwner } from './document-cache.ts';
import { FairCache } from './fair-cache.ts';

/** Bytes of an entry in addition to its text, which takes up to two bytes per character. */
const BYTES_PER_ENTRY = 512;

/**
 * Documents that clients have sent together with their SHA-256 digest, so that later requests need only the digest (Apollo's
 * automatic persisted queries). Each workspace has its own documents: a digest of another workspace is unknown. All callers of
 * a workspace share them, but evict each other's no more than those of other workspaces (`FairCache`).
 */
export class AutomaticPersistedQueries {
  readonly #documents: FairCache<string, string>;
  readonly #maxCharacters: number;

  constructor({ persistedQueryBytes, documentCharacters }: GraphQLLimits) {
    this.#documents = new FairCache(persistedQueryBytes);
    this.#maxCharacters = documentCharacters;
  }

  /** Whether documents can be stored at all. */
  get isEnabled(): boolean {
    return this.#documents.maxBytes > 0;
  }

  /** Finds a document of the viewer's workspace. @param hash hexadecimal. */
  find({ workspaceId }: Viewer, hash: string): string | undefined {
    return this.#documents.get(keyOf(workspaceId, hash));
  }

  /**
   * Stores a document, unless it will be rejected for its length or its characters: the digest of a text that is not
   * well-formed Unicode is that of another text, with U+FFFD in place of each lone surrogate.
   * @throws {GraphQLError} if the hash is not its digest.
   */
  store(viewer: Viewer, hash: string, text: string): void {
    if (!this.isEnabled || text.length > this.#maxCharacters || !text.isWellFormed()) return;
    if (this.find(viewer, hash) === text) return;
    if (createHash('sha256').update(text).digest('hex') !== hash) {
      throw new GraphQLError(
        'extensions.persistedQuery.sha256Hash must be the SHA-256 digest of the query, in hexadecimal.',
        {
          extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } },
        },
      );
    }
    this.#documents.set(keyOf(viewer.workspaceId, hash), text, BYTES_PER_ENTRY + text.length * 2, cacheOwner(viewer));
  }
}

const keyOf = (workspaceId: string, hash: string) => `${workspaceId} ${hash}`;
