import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import { type AvailableIndexes, type IndexName, indexNames, indexOf, standardIndexes } from './catalogue.ts';

/** An index of the catalogue, as it is in a database. */
export interface IndexState {
  name: IndexName;
  /** `invalid`: its creation has failed or was killed; writes pay for it, and reads do not use it. */
  state: 'missing' | 'creating' | 'invalid' | 'valid';
  /** In bytes; 0 if it is missing. */
  size: number;
}

/** Reads the state of every index of the catalogue. */
export async function readIndexStates(db: ReadDb): Promise<IndexState[]> {
  const relations = Prisma.join(indexNames.map((name) => Prisma.sql`${indexOf(name).relation}::text`));
  const rows = await db.query<Found[]>(Prisma.sql`/* readIndexStates */
    SELECT relation.relname AS name, index.indisvalid AS "isValid", pg_relation_size(relation.oid)::text AS size,
      EXISTS (SELECT FROM pg_stat_progress_create_index AS progress WHERE progress.index_relid = relation.oid) AS "isInProgress"
    FROM pg_index AS index JOIN pg_class AS relation ON relation.oid = index.indexrelid
    WHERE index.indrelid IN (to_regclass('users'), to_regclass('events')) AND relation.relname IN (${relations})`);
  return indexNames.map((name) => {
    const found = rows.find((row) => row.name === indexOf(name).relation);
    return { name, state: found ? stateOf(found) : 'missing', size: Number(found?.size ?? 0) };
  });
}

interface Found {
  name: string;
  isValid: boolean;
  isInProgress: boolean;
  size: string;
}

const stateOf = ({ isValid, isInProgress }: Found) => (isValid ? 'valid' : isInProgress ? 'creating' : 'invalid');

/**
 * Whether the trigrams of pg_trgm consist of ASCII only: it asks LC_CTYPE which characters are letters, whatever the collation of
 * the database.
 */
export async function hasAsciiTrigrams(db: ReadDb): Promise<boolean> {
  const [row] = await db.query<{ isAscii: boolean }[]>`/* hasAsciiTrigrams */
    SELECT datctype IN ('C', 'POSIX') AS "isAscii" FROM pg_database WHERE datname = current_database()`;
  return row?.isAscii ?? true;
}

/** The indexes of a database: those of a migrated one until `refresh` has read them. */
export class DatabaseIndexes implements AvailableIndexes {
  #names: ReadonlySet<IndexName> = new Set(indexNames.filter((name) => standardIndexes.has(name)));
  #hasAsciiTrigrams = false;

  has(name: IndexName): boolean {
    return this.#names.has(name);
  }

  get hasAsciiTrigrams(): boolean {
    return this.#hasAsciiTrigrams;
  }

  /** Reads which indexes are valid. Conditions on one that has been dropped since are slower, not wrong. */
  async refresh(db: ReadDb): Promise<void> {
    const [states, isAscii] = await Promise.all([readIndexStates(db), hasAsciiTrigrams(db)]);
    this.#names = new Set(states.filter(({ state }) => state === 'valid').map(({ name }) => name));
    this.#hasAsciiTrigrams = isAscii;
  }
}
