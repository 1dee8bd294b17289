import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

/** Interval in ms between two looks at the backlog. */
const LOOK_MS = 50;

/** Counts the changes that have not been consumed, without the entries and exits that their consumption writes. */
export async function countBacklog(client: Client, workspaceId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `WITH consumer AS MATERIALIZED (
      SELECT split_part(snapshot, '/', 1)::pg_snapshot AS snapshot FROM change_consumers WHERE workspace_id = $1
    )
    SELECT count(*)::int FROM changes
    WHERE workspace_id = $1 AND key_id <> 'segments'
      AND xid >= (SELECT pg_snapshot_xmin(snapshot)::text::bigint FROM consumer)
      AND NOT pg_visible_in_snapshot(xid::text::xid8, (SELECT snapshot FROM consumer))`,
    [workspaceId],
  );
  return rows[0]?.count ?? 0;
}

/** Waits until all changes have been consumed. @throws {Error} if that takes longer than a maximum. */
export async function waitUntilConsumed(client: Client, workspaceId: string, maxMs: number): Promise<void> {
  const end = performance.now() + maxMs;
  for (;;) {
    const backlog = await countBacklog(client, workspaceId);
    if (backlog === 0) return;
    if (performance.now() > end) throw new Error(`${backlog} changes were not consumed within ${maxMs / 1_000} s.`);
    await sleep(LOOK_MS);
  }
}

/**
 * Lets the consumer of a workspace's changes pause, as if the workspace had no segments, or continue where it was. Writes cost as much as
 * without segments meanwhile.
 */
export async function pauseConsumer(client: Client, workspaceId: string, isPaused: boolean): Promise<void> {
  await client.query('UPDATE change_consumers SET name = $2 WHERE workspace_id = $1', [
    workspaceId,
    isPaused ? 'paused' : 'segments',
  ]);
}
