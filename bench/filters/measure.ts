import type { Client } from 'pg';
import type { ReadDb } from '../../src/db/client.ts';
import type { Prisma } from '../../src/db/generated/client.ts';
import type { Page } from '../../src/db/reading/keyset.ts';
import { readOrderedPage } from '../../src/db/reading/ordered/page.ts';
import type { OrderedSource } from '../../src/db/reading/ordered/source.ts';
import { matchingUsers } from '../../src/domain/users/query.ts';
import type { User } from '../../src/domain/users/user.ts';
import { FILL_END } from '../database/ids.ts';
import type { ShowProgress } from '../report/progress.ts';
import { userIdSql } from './fill.ts';
import type { ComparePeer, PeerTimings } from './peer.ts';
import type { Question } from './questions.ts';
import { alternate, type Timing } from './time.ts';

/** The first page of a question, or the page in the middle of all users. */
export interface Measured {
  product: Timing;
  handWritten: Timing;
}

export interface Result {
  question: Question;
  first: Measured;
  far: Measured;
  /** Undefined if PostGraphile cannot express the question, or was not asked. */
  peer?: PeerTimings | undefined;
  /** The plans of the statements of the product, and that of the hand-written statement. */
  plans: string;
}

/** What the questions are asked of. */
export interface Subject {
  db: ReadDb;
  /** For the hand-written statements and the plans. */
  client: Client;
  workspaceId: string;
  users: number;
  comparePeer?: ComparePeer | undefined;
}

const PAGE_SIZE = 30;
const NOW = new Date(FILL_END);
const COLUMNS = `u.id, u.uid, u.uid_updateable, u.first_name, u.last_name, u.number, u.email, u.is_account, u.time_zone, u.app_version,
  u.app_build, u.app_last_active_at, u.meta, u.created_at, u.updated_at`;

/** The timeout of a hand-written statement, as that of `queryOnce`. */
const SET_TIMEOUT = 'SET statement_timeout = 2000';

/** Measures the questions one by one; the executions of the product and of the hand-written statement alternate. */
export async function measureQuestions(
  subject: Subject,
  questions: readonly Question[],
  showProgress: ShowProgress,
): Promise<Result[]> {
  // The settings of `queryOnce`.
  await subject.client.query(
    `SET jit = off; SET max_parallel_workers_per_gather = 0; ${SET_TIMEOUT}; SET TimeZone = UTC`,
  );
  const results: Result[] = [];
  for (const question of questions) {
    showProgress(question.name);
    results.push(await measureQuestion(subject, question));
  }
  return results;
}

async function measureQuestion(subject: Subject, question: Question): Promise<Result> {
  const middle = await cursorAfter(subject, question, await middleOf(subject, question));
  const pages: [Page, string][] = [
    [{ size: PAGE_SIZE, from: 'start' }, statementOf(question, undefined)],
    [{ size: PAGE_SIZE, from: 'start', bound: { side: 'after', ...middle } }, statementOf(question, middle)],
  ];
  const plans: string[] = [];
  const measured: Measured[] = [];
  for (const [page, sql] of pages) {
    const values = sql.includes('$2') ? [subject.workspaceId, NOW] : [subject.workspaceId];
    const product = async (db: ReadDb) => {
      const source: OrderedSource<User> = matchingUsers(subject.workspaceId, question, NOW);
      const { rows } = await readOrderedPage(db, source, page, new Set(Object.keys(source.columns.expressions)));
      return rows.map(({ id }) => id);
    };
    const handWritten = async () =>
      (await subject.client.query<{ id: string }>(sql, values)).rows.slice(0, PAGE_SIZE).map(({ id }) => id);
    measured.push(await alternate(question.name, { product: () => product(subject.db), handWritten }));
    plans.push(...(await plansOf(subject, product)), await planOf(subject.client, sql, values));
  }
  const [first, far] = measured;
  if (!first || !far) throw new Error('Nothing was measured.');
  return { question, first, far, peer: await subject.comparePeer?.(question), plans: plans.join('\n\n') };
}

/** A position far in. */
type FarPosition = { id: string; sortKey?: string | null };

/** The cursor of the first user of the question after a position; the position itself if there is none, or if that takes too long. */
async function cursorAfter(
  { db, workspaceId }: Subject,
  question: Question,
  position: FarPosition,
): Promise<FarPosition> {
  const source = matchingUsers(workspaceId, question, NOW);
  const page: Page = { size: 1, from: 'start', bound: { side: 'after', ...position }, withNeighbours: false };
  const { rows } = await readOrderedPage(db, source, page, new Set()).catch(() => ({ rows: [] }));
  const [row] = rows;
  return row ? { id: row.id, ...(row.sortKey === undefined ? {} : { sortKey: row.sortKey }) } : position;
}

/** What precedes the cursor's condition in a hand-written statement, the sort key, and the user's id if it is not `u.id`. */
const AFTER = /^(.*)\{after ([^}|]+)\|?([^}]+)?\}/s;

/** A user in the middle of all, in the order of the question. Finding it may take longer than a page. */
async function middleOf(subject: Subject, question: Question): Promise<FarPosition> {
  await subject.client.query('SET statement_timeout = 0');
  try {
    return await findMiddle(subject, question);
  } finally {
    await subject.client.query(SET_TIMEOUT);
  }
}

async function findMiddle(
  { client, workspaceId, users }: Subject,
  { sql, orderBy, matches }: Question,
): Promise<FarPosition> {
  const [, from, key, userId = 'u.id'] = AFTER.exec(sql) ?? [];
  if (orderBy === undefined) {
    const { rows } = await client.query<{ id: string }>(`SELECT ${userIdSql(`${Math.floor(users / 2)}`, users)} AS id`);
    return { id: rows[0]?.id ?? '', ...(matches ? { sortKey: matches } : {}) };
  }
  if (orderBy.nulls === 'FIRST') {
    const { rows } = await client.query<{ id: string }>(
      `SELECT u.id ${from} ORDER BY ${userId} OFFSET ${Math.floor(users / 10)} LIMIT 1`,
      [workspaceId],
    );
    return { id: rows[0]?.id ?? '', sortKey: null };
  }
  const { rows } = await client.query<{ id: string; key: string }>(
    `SELECT u.id, (${key})::text AS key ${from} AND ${key} IS NOT NULL ORDER BY ${key}, ${userId} OFFSET ${Math.floor(users / 2)} LIMIT 1`,
    [workspaceId],
  );
  return { id: rows[0]?.id ?? '', sortKey: rows[0]?.key ?? '' };
}

function statementOf({ name, sql, matches }: Question, after: FarPosition | undefined): string {
  const bound = (key: string, userId = 'u.id') => {
    if (!after) return '';
    if (after.sortKey === undefined || matches) return `AND ${key} < '${after.id}'`;
    if (after.sortKey === null) return `AND ${key} > '${after.id}'`;
    return `AND (${key}, ${userId}) ${sql.includes('DESC') ? '<' : '>'} ('${after.sortKey}', '${after.id}')`;
  };
  return `/* ${name} */ SELECT ${COLUMNS} ${sql.replaceAll(/\{after ([^}|]+)\|?([^}]+)?\}/g, (_match, key, userId) => bound(key, userId))}`;
}

/** The plans of what the product executes. */
async function plansOf({ db, client }: Subject, execute: (db: ReadDb) => Promise<unknown>): Promise<string[]> {
  const statements: Prisma.Sql[] = [];
  const recording: ReadDb = {
    ...(db.indexes ? { indexes: db.indexes } : {}),
    query: (query, ...values) => db.query(query, ...values),
    queryOnce: (statement, timeoutMs) => {
      statements.push(statement);
      return db.queryOnce(statement, timeoutMs);
    },
  };
  await execute(recording).catch(() => {});
  const plans: string[] = [];
  for (const { text, values } of statements) plans.push(await planOf(client, text, values));
  return plans;
}

async function planOf(client: Client, text: string, values: unknown[]): Promise<string> {
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, values);
    return `${text}\n\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`;
  } catch (error) {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    return `${text}\n\n${error}\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`;
  }
}
