import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import { type IndexName, indexOf } from './catalogue.ts';
import { hasAsciiTrigrams, type IndexState, isInProgress, readIndexStates } from './state.ts';

/** What makes filters slower than they could be in this database: one line for each item, with what to do about it. */
export async function readIndexNotices(db: ReadDb): Promise<string[]> {
  const states = await readIndexStates(db);
  const missing: string[] = [];
  for (const { name, state } of states) {
    if (state === 'missing' && indexOf(name).isStandard) missing.push(await explainMissing(db, name));
  }
  const invalid = (await readInvalidIndexes(db)).map(({ index, table }) => {
    const name = states.find((state) => indexOf(state.name).relation === index)?.name;
    const command = name ? `npm run cli -- indexes create ${name}` : `REINDEX INDEX CONCURRENTLY ${index}`;
    return `Index ${index} of ${table} is invalid: it slows down writes and serves no reads. Replace it with ${command}.`;
  });
  const ofTrigrams = states
    .filter(({ name, state }) => state === 'valid' && usesTrigrams(name))
    .map(({ name }) => name);
  const ascii =
    ofTrigrams.length > 0 && (await hasAsciiTrigrams(db))
      ? [`The LC_CTYPE of the database is C: ${ofTrigrams.join(' and ')} serve only texts in ASCII.`]
      : [];
  return [...missing, ...invalid, ...ascii];
}

const usesTrigrams = (name: IndexState['name']) => indexOf(name).extensions.includes('pg_trgm');

async function explainMissing(db: ReadDb, name: IndexName): Promise<string> {
  const { relation, table, extensions, serves } = indexOf(name);
  const installed = await db.query<{ name: string }[]>`/* readExtensions */ SELECT extname AS name FROM pg_extension`;
  const lacking = extensions.filter((extension) => !installed.some((each) => each.name === extension));
  const cause = lacking.length > 0 ? `, since the extension ${lacking.join(', ')} is not installed` : '';
  return `Index ${relation} of ${table} is missing${cause}; without it, these conditions are slower: ${serves}. Create it with npm run cli -- indexes create ${name}.`;
}

/** The invalid indexes of the tables of users and events, except for those that are being created. */
function readInvalidIndexes(db: ReadDb): Promise<{ index: string; table: string }[]> {
  return db.query`/* readInvalidIndexes */
    SELECT indexrelid::regclass::text AS index, indrelid::regclass::text AS table
    FROM pg_index WHERE NOT indisvalid AND indrelid IN (to_regclass('users'), to_regclass('events'))
      AND NOT ${isInProgress(Prisma.sql`pg_index`)}`;
}
