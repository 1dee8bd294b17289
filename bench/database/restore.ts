import type { Client } from 'pg';
import { metaSql } from './fill.ts';
import { FILL_END, firstIdOf } from './ids.ts';

/** Prefix of the uids of users that only a benchmark creates. */
export const NEW_UID_PREFIX = 'new';

/** Undoes all writes since the fill, so that every server and every run starts from the same rows. */
export async function restore(client: Client, workspaceId: string): Promise<void> {
  const { rowCount: added } = await client.query('DELETE FROM events WHERE workspace_id = $1 AND id >= $2', [
    workspaceId,
    firstIdOf(FILL_END),
  ]);
  const { rowCount: audited } = await client.query('DELETE FROM changes WHERE workspace_id = $1', [workspaceId]);
  const { rowCount: created } = await client.query('DELETE FROM users WHERE workspace_id = $1 AND uid LIKE $2', [
    workspaceId,
    `${NEW_UID_PREFIX}%`,
  ]);
  await client.query('DELETE FROM user_deletions WHERE workspace_id = $1', [workspaceId]);
  const { rowCount: changed } = await client.query(
    `UPDATE users SET meta = ${metaSql('substr(uid, 2)::int')}, updated_at = created_at
    WHERE workspace_id = $1 AND updated_at <> created_at`,
    [workspaceId],
  );
  if (added) await client.query('VACUUM ANALYZE events');
  if (audited) await client.query('VACUUM ANALYZE changes');
  if (changed || created) await client.query('VACUUM ANALYZE users');
}
