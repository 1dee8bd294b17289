import type { Client } from 'pg';
import type { ShowProgress } from '../report/progress.ts';
import { FILL_END, FILL_START, firstIdOf, idSql } from './ids.ts';

const DEVICES_PER_USER = 3;
const EVENTS_PER_USER = 10;
const LISTS = 20;

/**
 * Stride by which rows are assigned to users. It is prime, so that it visits every user unless their number is a multiple
 * of it.
 */
export const SCATTER_STRIDE = 7919;

/** The names of the users: number n has the names n modulo 5 and modulo 4. */
export const FIRST_NAMES = ['Ada', 'Théo', 'Ngozi', 'Inés', 'Kofi'];
export const LAST_NAMES = ['Obi', 'Roux', 'Diaz', 'Hart'];

const arraySql = (texts: readonly string[]) => `ARRAY[${texts.map((text) => `'${text}'`).join(', ')}]`;

/** The segment whose members the benchmark reads. Its members are imported: it has no filter. */
export const SEGMENT_ID = firstIdOf(FILL_START);

/** Every which user is a member of the segment. */
const SEGMENT_STRIDE = 3;

/** Inserts the words of all users, as the trigger on users does. */
const WORDS = `INSERT INTO user_words (workspace_id, user_id, words)
  SELECT workspace_id, id, user_lexemes(workspace_id, concat_ws(' ', first_name, last_name, uid, email), number) FROM users`;

/** Small enough for frequent progress messages. */
const MAX_ROWS_PER_INSERT = 50_000;

const TABLES = [
  'users',
  'user_words',
  'devices',
  'lists',
  'list_memberships',
  'segments',
  'segment_memberships',
  'events',
];

/** SQL for a user's `meta`. @param number SQL expression of the user's number. */
export function metaSql(number: string): string {
  return `jsonb_build_object('plan', (ARRAY['free', 'pro', 'team'])[1 + ${number} % 3], 'age', 18 + ${number} % 60,
    'city', (ARRAY['Lagos', 'Lyon', 'Lima', 'Leeds'])[1 + ${number} % 4])`;
}

/** Whether the tables have the row counts that `fill` creates. */
export async function isFilled(client: Client, users: number): Promise<boolean> {
  const { rows } = await client.query<{ counts: number[] }>(`
    SELECT ARRAY[(SELECT count(*) FROM users), (SELECT count(*) FROM devices), (SELECT count(*) FROM events),
      (SELECT count(*) FROM segment_memberships)]::int[] AS counts`);
  const expected = [users, users * DEVICES_PER_USER, users * EVENTS_PER_USER, Math.floor(users / SEGMENT_STRIDE)];
  return rows[0]?.counts.join() === expected.join();
}

/** Fills the tables with the rows of the benchmarks of requests. The rows of a user are scattered over each table, as in production. */
export function fill(client: Client, workspaceId: string, users: number, showProgress: ShowProgress): Promise<void> {
  return fillTables(client, statements(workspaceId, users), showProgress);
}

/** Fills empty tables in one transaction and recreates their indexes afterwards. Ids are in order of creation. */
export async function fillTables(
  client: Client,
  fillStatements: readonly FillStatement[],
  showProgress: ShowProgress,
): Promise<void> {
  await client.query('BEGIN');
  await client.query(`TRUNCATE users, lists, segments, events CASCADE`);
  // Disables all triggers: the rows that foreign keys refer to exist, and the words of users are filled at once below.
  await client.query('SET LOCAL session_replication_role = replica');
  const indexes = await dropIndexes(client);
  for (const { table, rows, sql } of fillStatements) {
    for (let from = 1; from <= rows; from += MAX_ROWS_PER_INSERT) {
      showProgress(`Filling ${table}: ${Math.round((100 * (from - 1)) / rows)} %`);
      await client.query(sql, [from, Math.min(from + MAX_ROWS_PER_INSERT - 1, rows)]);
    }
  }
  showProgress('Filling user_words');
  await client.query(WORDS);
  for (const [position, index] of indexes.entries()) {
    showProgress(`Creating indexes: ${position} of ${indexes.length}`);
    await client.query(index);
  }
  await client.query('COMMIT');
  showProgress('Vacuuming and analyzing');
  await client.query('VACUUM ANALYZE');
}

/** Drops the indexes that back no constraint. @returns the statements that recreate them. */
async function dropIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY($1)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)`,
    [TABLES],
  );
  for (const { name } of rows) await client.query(`DROP INDEX "${name}"`);
  return rows.map(({ definition }) => definition);
}

/** Fills one table. */
export interface FillStatement {
  table: string;
  /** Rows to insert, numbered from 1. */
  rows: number;
  /** Inserts the rows with numbers $1 to $2. */
  sql: string;
}

function statements(workspaceId: string, users: number): FillStatement[] {
  const workspace = `'${workspaceId}'::uuid`;
  const numbers = (from = '$1::bigint', to = '$2::bigint') => `generate_series(${from}, ${to}) AS n`;
  const msOf = (number: string, rows: number) =>
    `(${FILL_START} + (${number}) * ${(FILL_END - FILL_START - 1) / rows})::bigint`;
  const instant = (ms: string) => `to_timestamp((${ms}) / 1000.0)`;
  const userMs = (number: string) => msOf(number, users);
  const userId = (number: string) => idSql(userMs(number), number);
  const listId = (number: string) => idSql(`${FILL_START}`, number);
  // The user of row n. Every user gets one row, in shuffled order, before any user gets the next.
  const scatteredUser = `(1 + ((n - 1) * ${SCATTER_STRIDE}) % ${users})`;
  return [
    {
      table: 'users',
      rows: users,
      sql: `INSERT INTO users (workspace_id, id, uid, first_name, last_name, number, email, meta, created_at, updated_at)
        SELECT ${workspace}, ${userId('n')}, 'u' || n,
          (${arraySql(FIRST_NAMES)})[1 + n % 5], (${arraySql(LAST_NAMES)})[1 + n % 4],
          '+23480' || lpad(n::text, 8, '0'), 'user' || n || '@example.com', ${metaSql('n')},
          ${instant(userMs('n'))}, ${instant(userMs('n'))}
        FROM ${numbers()}`,
    },
    {
      table: 'devices',
      rows: users * DEVICES_PER_USER,
      sql: `INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
        SELECT ${workspace}, md5('device' || n), ${userId(scatteredUser)},
          (ARRAY['android', 'ios'])[1 + n % 2]::device_platform, ${instant(msOf('n', users * DEVICES_PER_USER))}
        FROM ${numbers()}`,
    },
    {
      table: 'lists',
      rows: LISTS,
      sql: `INSERT INTO lists (workspace_id, id, title, created_at)
        SELECT ${workspace}, ${listId('n')}, 'List ' || n, ${instant(`${FILL_START}`)} FROM ${numbers()}`,
    },
    {
      table: 'list_memberships',
      rows: users,
      sql: `INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
        SELECT ${workspace}, ${listId('1 + (n + step * 7) % 20')}, ${userId('n')}, n % 5 > 0, ${instant(userMs('n'))}
        FROM ${numbers()}, generate_series(0, 1) AS step`,
    },
    {
      table: 'segments',
      rows: 1,
      sql: `INSERT INTO segments (workspace_id, id, name, created_at, definition_id)
        SELECT ${workspace}, '${SEGMENT_ID}', 'Segment', ${instant(`${FILL_START}`)}, '${SEGMENT_ID}' FROM ${numbers()}`,
    },
    {
      table: 'segment_memberships',
      rows: users,
      sql: `INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id)
        SELECT ${workspace}, '${SEGMENT_ID}', '${SEGMENT_ID}', ${userId('n')}
        FROM ${numbers()} WHERE n % ${SEGMENT_STRIDE} = 0`,
    },
    {
      table: 'events',
      rows: users * EVENTS_PER_USER,
      sql: `INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
        SELECT ${workspace}, ${idSql(msOf('n', users * EVENTS_PER_USER), 'n')}, ${userId(scatteredUser)},
          (ARRAY['Opened app', 'Viewed product', 'Add to cart', 'Paid'])[1 + n % 4],
          CASE WHEN n % 3 = 0 THEN to_jsonb(n % 100) END,
          jsonb_build_object('product', 'C' || n % 1000, 'amount', (n % 10000) / 100.0, 'currency', 'EUR'),
          ${instant(msOf('n', users * EVENTS_PER_USER))}
        FROM ${numbers()}`,
    },
  ];
}
