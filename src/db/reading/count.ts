import { arrayParameter } from '../sql.ts';
import type { ReadDb } from '../statements.ts';
import type { KeysetSource } from './keyset.ts';

/** Counts stop here (docs/contract.md, `totalCount`). */
export const COUNT_CAP = 25_000;

/** Counts the rows of several parents with one statement, up to `COUNT_CAP + 1` each. */
export async function countRows(
  db: ReadDb,
  { table, where }: KeysetSource<unknown>,
  parents: readonly string[],
): Promise<Map<string, number>> {
  const counts = await db.query<{ parent: string; count: number }[]>`/* countRows ${table} */
    SELECT parent.id AS parent, (
      SELECT count(*)::int FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${COUNT_CAP + 1}) AS counted
    ) AS count
    FROM unnest(${arrayParameter(parents, 'uuid')}) AS parent(id)`;
  return new Map(counts.map(({ parent, count }) => [parent, count]));
}
