import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';

/** Maximum number of names that are read. Each takes one access to the index. */
const MAX_NAMES = 1_000;

/** The distinct names of a workspace's events; undefined if there are more than `MAX_NAMES`. */
export async function readEventNames(db: ReadDb, workspaceId: string): Promise<string[] | undefined> {
  // DISTINCT would read all events; this reads one entry of the index for each name.
  const next = (after: Prisma.Sql) => Prisma.sql`(
    SELECT events.name FROM events WHERE events.workspace_id = ${workspaceId}::uuid ${after}
    ORDER BY events.name LIMIT 1)`;
  const rows = await db.queryOnce<{ name: string }[]>(Prisma.sql`/* readEventNames */
    WITH RECURSIVE names AS (
      SELECT ${next(Prisma.empty)} AS name
      UNION ALL
      SELECT ${next(Prisma.sql`AND events.name > names.name`)} FROM names WHERE names.name IS NOT NULL
    )
    SELECT names.name FROM names WHERE names.name IS NOT NULL LIMIT ${MAX_NAMES + 1}::int`);
  return rows.length > MAX_NAMES ? undefined : rows.map(({ name }) => name);
}
