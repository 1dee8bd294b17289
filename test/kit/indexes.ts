import type { DatabaseClient } from '../../src/db/client.ts';
import { type AvailableIndexes, type IndexName, indexNames } from '../../src/db/indexes/catalogue.ts';
import { createIndex } from '../../src/db/indexes/manage.ts';

/** Options of `createIndex` for a small database. */
export const creation = {
  onProgress: () => {},
  acceptsAsciiTrigrams: false,
  signal: new AbortController().signal,
};

/** Creates every index that filters can use, and lets the database's filters use them. */
export async function createAllIndexes(db: DatabaseClient): Promise<void> {
  for (const name of indexNames) await createIndex(db, name, creation);
  await db.indexes.refresh(db);
}

/** Indexes as if a database had these and no others. */
export const indexesOf = (names: readonly IndexName[], hasAsciiTrigrams = false): AvailableIndexes => ({
  has: (name) => names.includes(name),
  hasAsciiTrigrams,
});
