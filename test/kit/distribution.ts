import { it } from 'vitest';
import type { DatabaseClient } from '../../src/db/client.ts';
import { RUN_IN_WORKSPACE } from '../../src/db/distribution/functions.ts';
import { variant } from './variant.ts';

/**
 * A test of what a distributed database does not have: partitions, prepared statements, optional indexes, gateways of versions that
 * do not support it. Skipped with TEST_CITUS_URL.
 */
export const itUnlessDistributed = it.skipIf(variant.distributed);

/** Creates or drops triggers and their functions, on a distributed database too, which does not admit triggers by default. */
export async function changeTriggers(
  db: Pick<DatabaseClient, '$transaction'>,
  ...statements: readonly string[]
): Promise<void> {
  await db.$transaction(async (tx) => {
    if (variant.distributed) {
      await tx.$executeRaw`SET LOCAL citus.enable_unsafe_triggers TO on`;
      await tx.$executeRaw`SET LOCAL citus.multi_shard_modify_mode TO sequential`;
    }
    for (const sql of statements) await tx.$executeRawUnsafe(sql);
  });
}

/** The shard of a workspace in a distributed database. */
export async function shardOf(db: Pick<DatabaseClient, '$queryRaw'>, workspaceId: string): Promise<number | undefined> {
  if (!variant.distributed) return undefined;
  const [row] = await db.$queryRaw<{ shard: number }[]>`
    SELECT get_shard_id_for_distribution_column('workspaces', ${workspaceId}::uuid)::int AS shard`;
  return row?.shard;
}

type Transaction = Parameters<Parameters<DatabaseClient['$transaction']>[0]>[0];

/** Locks a table until the end of a transaction; in a distributed database, the shard of it that has the rows of a workspace. */
export async function lockTable(tx: Transaction, workspaceId: string, table: string, mode: string): Promise<void> {
  const sql = `LOCK TABLE ${table} IN ${mode} MODE`;
  if (!variant.distributed) await tx.$executeRawUnsafe(sql);
  else
    await tx.$queryRawUnsafe(`SELECT public.${RUN_IN_WORKSPACE}($1::uuid, $2, false, '{}', 0, NULL)`, workspaceId, sql);
}

/** Reads the catalogues of PostgreSQL. Those of a distributed database show the shards of tables too, as `<table>_<number>`. */
export function readCatalogues<Row>(db: Pick<DatabaseClient, '$transaction'>, sql: string): Promise<Row[]> {
  return db.$transaction(async (tx) => {
    if (variant.distributed) await tx.$executeRaw`SET LOCAL citus.override_table_visibility TO off`;
    return await tx.$queryRawUnsafe<Row[]>(sql);
  });
}

/** Drops the views of all shards, so that statements find the tables and views that now have the names of tables. */
export async function resetShardViews(db: Pick<DatabaseClient, '$queryRaw'>): Promise<void> {
  for (let hasMore = variant.distributed; hasMore; ) {
    const [row] = await db.$queryRaw<{ hasMore: boolean }[]>`
      SELECT public.usergraph_drop_old_shard_views('none') AS "hasMore"`;
    hasMore = row?.hasMore === true;
  }
}
