import { Prisma } from './generated/client.ts';

/**
 * An array of text or UUIDs as PostgreSQL's planner is to see it: of any length. A plan for the array at hand would look
 * cheaper to it than the prepared one wherever the array is short, and it would plan with every execution
 * (docs/performance-steps.md).
 */
export function anyLength(values: readonly string[], type: 'uuid' | 'text'): Prisma.Sql {
  const array = Prisma.raw(`${type}[]`);
  return Prisma.sql`(SELECT ${values}::${array})::${array}`;
}
