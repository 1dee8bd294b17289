import { v7 as uuidv7 } from 'uuid';
import { afterAll, expect } from 'vitest';
import { changesAfter, currentSnapshot } from '../../../src/domain/changes/feed.ts';
import { startApp } from '../../kit/app.ts';
import { itUnlessDistributed } from '../../kit/distribution.ts';
import { addUser } from '../../kit/factories.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

itUnlessDistributed(
  'accepts the audit entry of a write by a gateway of an older version, as one whose fields are not known',
  async () => {
    const { db, workspaceId } = app;
    const user = await addUser(app);
    const start = await currentSnapshot(db, workspaceId);
    const at = new Date('2026-01-31T12:00:00Z');
    const { rows } = await db.pool.query(
      `/* updateUser */
    WITH updated AS (
      UPDATE users SET first_name = 'Ada' WHERE workspace_id = $1 AND id = $2 RETURNING id
    ), audited AS (
      INSERT INTO audit_entries (workspace_id, id, at, key_id, action, user_id, list_id, event_id, api_key_id)
      SELECT $1::uuid, $3::uuid, $4::timestamptz, 'key', 'updateUser'::audit_action, updated.id, NULL::uuid, NULL::uuid, NULL::uuid
      FROM updated
    )
    SELECT id FROM updated`,
      [workspaceId, user.id, uuidv7(), at],
    );
    expect(rows).toEqual([{ id: user.id }]);
    expect((await changesAfter(db, workspaceId, start, 10)).changes).toMatchObject([
      { at: at.toISOString(), keyId: 'key', action: 'updateUser', userId: user.id, listId: null, changed: null },
    ]);
  },
);
