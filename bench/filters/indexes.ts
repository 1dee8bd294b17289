import type { DatabaseClient } from '../../src/db/client.ts';
import { type IndexName, indexNames, indexOf } from '../../src/db/indexes/catalogue.ts';
import { createIndex, dropIndex } from '../../src/db/indexes/manage.ts';
import type { ShowProgress } from '../report/progress.ts';

export const optionalIndexes: readonly IndexName[] = indexNames.filter((name) => !indexOf(name).isStandard);

/** Creates or drops all optional indexes. @param exist undefined: does nothing. */
export async function createIndexes(
  db: DatabaseClient,
  exist: boolean | undefined,
  showProgress: ShowProgress,
): Promise<void> {
  if (exist === undefined) return;
  for (const name of optionalIndexes) {
    showProgress(`${exist ? 'Creating' : 'Dropping'} the index ${name}`);
    if (exist) await createOne(db, name);
    else await dropIndex(db, name);
  }
}

/** Creates an optional index. @returns the seconds that it took. */
export async function createOne(db: DatabaseClient, name: IndexName): Promise<number> {
  const started = performance.now();
  const signal = new AbortController().signal;
  await createIndex(db, name, { onProgress: () => {}, acceptsAsciiTrigrams: false, signal });
  return (performance.now() - started) / 1000;
}
