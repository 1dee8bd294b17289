import type { QueryResult, QueryResultRow } from 'pg';

/** A shard of `workspaces`. */
export interface Shard {
  id: string;
  /** A workspace id that hashes to the shard; the workspace need not exist. */
  workspaceId: string;
}

/** Hashes random ids until each shard has one. @returns the shards by their ids. */
export async function readShards(
  query: <Row extends QueryResultRow>(text: string) => Promise<QueryResult<Row>>,
): Promise<Shard[]> {
  const shards = new Map<string, Shard>();
  let count = 1;
  while (shards.size < count) {
    const { rows } = await query<Shard & { count: number }>(`/* findShards */
      SELECT DISTINCT ON (id) id::text, "workspaceId",
        (SELECT count(*)::int FROM pg_dist_shard WHERE logicalrelid = 'public.workspaces'::regclass) AS count
      FROM (
        SELECT get_shard_id_for_distribution_column('public.workspaces', "workspaceId") AS id, "workspaceId"
        FROM (SELECT gen_random_uuid() AS "workspaceId" FROM generate_series(1, 1000)) AS ids
      ) AS shards`);
    for (const { count: _count, ...shard } of rows) shards.set(shard.id, shard);
    count = rows[0]?.count ?? 0;
  }
  return [...shards.values()].sort((one, other) => Number(one.id) - Number(other.id));
}
