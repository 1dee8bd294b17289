import type { Db } from '../client.ts';
import { arrayParameter } from '../sql.ts';
import type { KeysetSource } from './keyset.ts';

/** The count stops here. Contract, "totalCount". */
export const COUNT_CAP = 25_000;

/** Counts the rows of many parents with one statement, up to one more than `COUNT_CAP` each. */
export async function countRows(
  db: Db,
  { table, where }: KeysetSource<unknown>,
  parents: readonly string[],
): Promise<Map<string, number>> {
  const counts = await db.query<{ parent: string; count: number }[]>`
    SELECT parent.id AS parent, (
      SELECT count(*)::int FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${COUNT_CAP + 1}) AS counted
    ) AS count
    FROM unnest(${arrayParameter(parents, 'uuid')}) AS parent(id)`;
  return new Map(counts.map(({ parent, count }) => [parent, count]));
}
