import type { Viewer } from '../auth/viewer.ts';
import type { Database, ReadDb } from '../db/client.ts';
import type { Loaders } from './loaders/index.ts';
import type { RelatedReads } from './loaders/related-reads.ts';

/** The context of every resolver: the caller, and the database handle and loaders of the caller's workspace. */
export interface Context {
  /** The primary. */
  db: Database;
  /** For reads of queries: the primary, or a fresh replica. */
  reads: ReadDb;
  viewer: Viewer;
  loaders: Loaders;
  related: RelatedReads;
  /** When the request was received: the instant that `within` and `before` of its filters refer to. */
  now: Date;
}
