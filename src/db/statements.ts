import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type CustomTypesConfig, types as driverTypes, type QueryConfig, type QueryResult } from 'pg';
import { Prisma } from './generated/client.ts';
import { toInstant } from './instant.ts';

/** A statement as a tagged template, or put together by `Prisma.sql`. */
type Query = TemplateStringsArray | Prisma.Sql;

/**
 * Runs statements that only read. A function that reads for queries takes this type, so that its statements can run on a
 * replica. A `WriteDb` is accepted too: reads of a mutation use the primary.
 */
export interface ReadDb {
  /** Returns the rows of a statement. */
  query<Rows = unknown>(query: Query, ...values: unknown[]): Promise<Rows>;
}

/** Marks handles of the primary. Not exported: only `statementsOn` and what wraps its result can make a `WriteDb`. */
const isPrimary: unique symbol = Symbol('isPrimary');

/**
 * Runs statements on the primary. A function that writes takes this type, and so does one whose read must not miss a write
 * that has just been committed. A `ReadDb` is not assignable to it.
 */
export interface WriteDb extends ReadDb {
  readonly [isPrimary]: true;
  /** Returns the number of rows that a statement changed. */
  execute(query: Query, ...values: unknown[]): Promise<number>;
}

/** Prepared statements that a session keeps; each text is one, and there are about a hundred. */
const NAMES_KEPT = 1_000;

const names = new LRUCache<string, string>({ max: NAMES_KEPT });

/** A name that stands for a statement's text in every session, so that it is parsed and planned once in each. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
  names.set(text, name);
  return name;
}

/** The driver would write a `Date` in the zone of this machine, to the minute; the year 1800 had seconds. */
const toParameter = (value: unknown) => (value instanceof Date ? value.toISOString() : value);

/** How values are read that PostgreSQL sends: as the driver does, but for instants, which stay text. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === driverTypes.builtins.TIMESTAMPTZ ? toInstant : driverTypes.getTypeParser(oid, format),
};

function toSql(query: Query, values: unknown[]): Prisma.Sql {
  return 'text' in query ? query : Prisma.sql(query, ...values);
}

/** A pool, a workspace's share of one, or a connection. */
interface Target {
  query(statement: QueryConfig): Promise<QueryResult>;
}

/**
 * Runs statements straight through the driver rather than as Prisma's raw queries; docs/performance-steps.md has what that gained.
 * @param prepared false where a pooler in between cannot keep prepared statements.
 */
export function statementsOn(target: Target, prepared: boolean): WriteDb {
  const run = (query: Query, given: unknown[]) => {
    const { text, values } = toSql(query, given);
    const statement = { text, values: values.map(toParameter), types };
    return target.query(prepared ? { ...statement, name: nameOf(text) } : statement);
  };
  return {
    [isPrimary]: true,
    // Whoever writes a statement knows what its rows are.
    query: async (query, ...values) => (await run(query, values)).rows as never,
    execute: async (query, ...values) => (await run(query, values)).rowCount ?? 0,
  };
}
