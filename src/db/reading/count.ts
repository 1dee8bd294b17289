import { Prisma } from '../generated/client.ts';
import { arrayParameter } from '../sql.ts';
import type { ReadDb } from '../statements.ts';
import { type KeysetSource, querySource } from './keyset.ts';

/** Counts stop here (docs/contract.md, `totalCount`). */
export const COUNT_CAP = 25_000;

/** Counts the rows of several parents with one statement, up to `COUNT_CAP + 1` each. */
export async function countRows(
  db: ReadDb,
  source: KeysetSource<unknown>,
  parents: readonly string[],
): Promise<Map<string, number>> {
  const { table, where } = source;
  const statement = Prisma.sql`/* countRows ${table} */
    SELECT parent.id AS parent, (
      SELECT count(*)::int FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${COUNT_CAP + 1}) AS counted
    ) AS count
    FROM unnest(${arrayParameter(parents, 'uuid')}) AS parent(id)`;
  const counts = await querySource<{ parent: string; count: number }[]>(db, source, statement);
  return new Map(counts.map(({ parent, count }) => [parent, count]));
}
