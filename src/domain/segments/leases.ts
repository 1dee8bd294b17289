import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { CONSUMER } from './stored.ts';

/** Validity in ms of a process's registration. A process that does not renew it in time loses its workspaces. */
const LEASE_MS = 1_000;

/** A workspace whose segments need work. */
export interface WorkspaceWork {
  workspaceId: string;
  /** Whether there are changes or due instants to consume. */
  hasChanges: boolean;
  /**
   * Whether definitions must be computed or deleted, or no definition is left, so that the consumer must be deleted.
   */
  hasWork: boolean;
}

/** Registers a process, or renews its registration, for `LEASE_MS`. Writes nothing while no workspace has segments. */
export async function renewWorker(db: WriteDb, workerId: string): Promise<void> {
  await db.executeAllWorkspaces`/* renewSegmentWorker */
    WITH ended AS (DELETE FROM segment_workers WHERE expires_at < now() - interval '1 minute')
    INSERT INTO segment_workers (id, expires_at)
    SELECT ${workerId}::uuid, now() + ${LEASE_MS}::int * interval '1 millisecond'
    WHERE EXISTS (SELECT FROM change_consumers WHERE name = ${CONSUMER})
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at`;
}

/** Deletes the registration of a process, so that others take over its workspaces immediately. */
export async function endWorker(db: WriteDb, workerId: string): Promise<void> {
  await db.executeAllWorkspaces`/* endSegmentWorker */ DELETE FROM segment_workers WHERE id = ${workerId}::uuid`;
}

/**
 * Takes over workspaces until the process has its fair share: first those without a live owner, then those of processes
 * that have more than their share. A distributed database shares the workspaces of each shard; the remainder goes to different
 * processes in different shards. Taking a workspace from a process that is computing it is safe: the next step of
 * that process finds its position outdated. Skips rows that are locked by another transaction, because processes that
 * wait for each other's rows can deadlock.
 * @returns the number of workspaces that the process owns.
 */
export async function takeWorkspaces(db: WriteDb, workerId: string): Promise<number> {
  const counts = await db.queryAllWorkspaces<{ count: number }[]>`/* takeSegmentWorkspaces */
    WITH alive AS MATERIALIZED (
      -- Each shard has a schema of its own, and so another order.
      SELECT id, row_number() OVER (ORDER BY hashtextextended(concat(id, current_schema()), 0)) AS place
      FROM segment_workers WHERE expires_at > now()
    ), consumer AS MATERIALIZED (
      SELECT workspace_id, owner, owner IN (SELECT id FROM alive) IS TRUE AS is_owned FROM change_consumers WHERE name = ${CONSUMER}
    ), total AS (SELECT count(*) AS workspaces, (SELECT count(*) FROM alive) AS workers FROM consumer),
    share AS MATERIALIZED (
      SELECT id AS owner, workspaces / workers + (place <= workspaces % workers)::int AS size FROM alive CROSS JOIN total
    ), numbered AS (
      SELECT consumer.*, row_number() OVER (PARTITION BY owner ORDER BY workspace_id) AS place FROM consumer WHERE is_owned
    ), own AS (SELECT count(*) AS size FROM consumer WHERE owner = ${workerId}::uuid),
    available AS MATERIALIZED (
      SELECT workspace_id, owner FROM consumer WHERE NOT is_owned
      UNION ALL
      SELECT workspace_id, owner FROM numbered JOIN share USING (owner) WHERE owner <> ${workerId}::uuid AND place > size
    ), locked AS MATERIALIZED (
      SELECT change_consumers.workspace_id FROM change_consumers JOIN available USING (workspace_id)
      WHERE change_consumers.name = ${CONSUMER} AND change_consumers.owner IS NOT DISTINCT FROM available.owner
      LIMIT coalesce((SELECT greatest(share.size - own.size, 0)::int FROM share CROSS JOIN own WHERE owner = ${workerId}::uuid), 0)
      FOR NO KEY UPDATE OF change_consumers SKIP LOCKED
    ), taken AS (
      UPDATE change_consumers SET owner = ${workerId}::uuid FROM locked
      WHERE change_consumers.workspace_id = locked.workspace_id AND change_consumers.name = ${CONSUMER}
        AND change_consumers.owner IS DISTINCT FROM ${workerId}::uuid
      RETURNING 1
    )
    SELECT (own.size + (SELECT count(*) FROM taken))::int AS count FROM own`;
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/**
 * Reads the workspaces of a process that need work, with a few index lookups per workspace. `ORDER BY` with `LIMIT`
 * forces index scans: PostgreSQL estimates that a third of all rows match a comparison with an unknown value, and would
 * otherwise scan the log sequentially.
 */
export async function findWorkspacesWithWork(db: WriteDb, workerId: string, now?: Date): Promise<WorkspaceWork[]> {
  const position = Prisma.sql`split_part(consumer.snapshot, '/', 1)::pg_snapshot`;
  return db.queryAllWorkspaces<WorkspaceWork[]>`/* findSegmentWork */
    SELECT * FROM (
      SELECT consumer.workspace_id AS "workspaceId",
        -- A snapshot with a target means that the consumer is still catching up (changes/feed.ts).
        consumer.snapshot LIKE '%/%' OR (
          SELECT true FROM changes
          WHERE changes.workspace_id = consumer.workspace_id AND changes.xid >= pg_snapshot_xmax(${position})::text::bigint
          ORDER BY changes.xid LIMIT 1
        ) IS NOT NULL OR EXISTS (
          SELECT FROM pg_snapshot_xip(${position}) AS xip
          WHERE (
            SELECT true FROM changes WHERE changes.workspace_id = consumer.workspace_id AND changes.xid = xip::text::bigint
            ORDER BY changes.xid, changes.seq LIMIT 1
          ) IS NOT NULL
        ) OR (
          SELECT true FROM segment_due
          WHERE segment_due.workspace_id = consumer.workspace_id
            AND segment_due.due_at <= coalesce(${now ?? null}::timestamptz, statement_timestamp())
          ORDER BY segment_due.due_at LIMIT 1
        ) IS NOT NULL AS "hasChanges",
        (
          SELECT true FROM segment_definitions
          WHERE segment_definitions.workspace_id = consumer.workspace_id
            AND (segment_definitions.completed_at IS NULL OR segment_definitions.replaced_at IS NOT NULL)
          ORDER BY segment_definitions.id LIMIT 1
        ) IS NOT NULL OR NOT EXISTS (
          SELECT FROM segment_definitions WHERE segment_definitions.workspace_id = consumer.workspace_id
        ) AS "hasWork"
      FROM change_consumers AS consumer WHERE consumer.owner = ${workerId}::uuid AND consumer.name = ${CONSUMER}
      OFFSET 0
    ) AS workspace WHERE "hasChanges" OR "hasWork"`;
}
