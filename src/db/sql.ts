import { Prisma } from './generated/client.ts';

/**
 * Passes an array to a statement so that PostgreSQL's planner does not see its length. With a plain parameter, the
 * planner estimates a plan for a short array as cheaper than the generic plan, and plans again at each execution
 * (docs/performance-steps.md).
 */
export function arrayParameter(values: readonly (string | boolean)[], type: 'uuid' | 'text' | 'boolean'): Prisma.Sql {
  const array = Prisma.raw(`${type}[]`);
  return Prisma.sql`(SELECT ${values}::${array})::${array}`;
}

/**
 * SQL of FROM and WHERE for a statement that reads no table, such as one that takes an advisory lock. A distributed database runs it on the
 * node of the workspace, so that all processes take the same lock.
 */
export const inWorkspace = (workspaceId: string) =>
  Prisma.sql`FROM (SELECT ${workspaceId}::uuid AS workspace_id) AS here WHERE here.workspace_id = ${workspaceId}::uuid`;

/**
 * SQL of the database's clock, in microseconds since 1970. It advances while a statement waits, so read it after all
 * waits of the statement.
 */
export const clockMicroseconds = Prisma.sql`(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`;

/** Number of rows of one instant whose ids are in order: 14 bits. */
const MAX_PLACES = 2 ** 14;

/**
 * SQL of a UUIDv7: the millisecond; in `rand_a` its fraction in 4096ths, as in `uuidv7()` of PostgreSQL 18; then 14 bits for
 * the row's position among those of the same instant, and 48 random bits. Works on PostgreSQL 14 and later.
 * @param microseconds SQL of a bigint. It is used three times: pass a column of a subquery that selects `clockMicroseconds`.
 * @param place SQL of an integer from 0; the ids of one instant are in its order, for up to 16,384 rows.
 */
export function uuidv7Sql(microseconds: Prisma.Sql, place = Prisma.sql`0`): Prisma.Sql {
  const versionAndFraction = Prisma.sql`to_hex(${0x7000}::bigint + ${microseconds} % 1000 * 4096 / 1000)`;
  const variantAndPlace = Prisma.sql`to_hex(${0x8000}::int + ${place} % ${MAX_PLACES}::int)`;
  return Prisma.sql`(lpad(to_hex(${microseconds} / 1000), 12, '0') || ${versionAndFraction} || ${variantAndPlace}
    || right(gen_random_uuid()::text, 12))::uuid`;
}
