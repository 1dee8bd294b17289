import { Prisma } from './generated/client.ts';

/**
 * An array of text or UUIDs as PostgreSQL's planner is to see it: of any length. A plan for the array at hand would look
 * cheaper to it than the prepared one wherever the array is short, and it would plan with every execution
 * (docs/performance-steps.md).
 */
export function arrayParameter(values: readonly string[], type: 'uuid' | 'text'): Prisma.Sql {
  const array = Prisma.raw(`${type}[]`);
  return Prisma.sql`(SELECT ${values}::${array})::${array}`;
}

/**
 * The database's clock in microseconds since 1970, as SQL. It goes on while a statement waits, so it has to be read after
 * all that the statement waits for.
 */
export const clockMicroseconds = Prisma.sql`(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`;

/** Most rows of one instant whose ids are in order: what the 14 bits have room for. */
const PLACES = 2 ** 14;

/**
 * A UUIDv7 as SQL: the millisecond; in `rand_a` the fraction of it, in 4096ths as `uuidv7()` of PostgreSQL 18 has it; then
 * 14 bits for the row's place among those of the same instant, and 48 random bits. Works from PostgreSQL 14 on.
 * @param microseconds SQL of a bigint: `clockMicroseconds` of a subquery, since it is used three times.
 * @param place SQL of an integer from 0 on; ids of one instant are in its order up to 16,384 rows.
 */
export function uuidv7Sql(microseconds: Prisma.Sql, place = Prisma.sql`0`): Prisma.Sql {
  const versionAndFraction = Prisma.sql`to_hex(${0x7000}::bigint + ${microseconds} % 1000 * 4096 / 1000)`;
  const variantAndPlace = Prisma.sql`to_hex(${0x8000}::int + ${place} % ${PLACES}::int)`;
  return Prisma.sql`(lpad(to_hex(${microseconds} / 1000), 12, '0') || ${versionAndFraction} || ${variantAndPlace}
    || right(gen_random_uuid()::text, 12))::uuid`;
}
