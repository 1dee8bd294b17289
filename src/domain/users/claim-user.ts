import type { Db } from '../../db/client.ts';
import { TransactionConflict, violates } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { record } from '../audit/record.ts';
import { UidNotUpdateableError } from '../errors.ts';
import { lockUser } from './lock-user.ts';
import { type User, userColumns } from './user.ts';

/**
 * Gives a uid to the one user with an e-mail address whose uid may still be set.
 * Returns nothing where there is no such user, or more than one.
 * @throws {UidNotUpdateableError} when another caller has just given that user another uid.
 */
export async function claimUser(tx: Db, actor: Actor, email: string, uid: string): Promise<User | undefined> {
  const { workspaceId } = actor;
  const candidates = await tx.query<{ id: string }[]>`
    SELECT id FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND email = ${email} AND uid_updateable
    LIMIT 2`;
  const [candidate, second] = candidates;
  if (!candidate || second) return undefined;
  const claimed = await giveUid(tx, actor, candidate.id, { email, uid });
  if (claimed) return claimed;
  const winner = await lockUser(tx, workspaceId, uid);
  if (winner) return winner;
  if (await hasEmail(tx, workspaceId, candidate.id, email)) throw new UidNotUpdateableError(uid);
  return undefined;
}

async function giveUid(
  tx: Db,
  actor: Actor,
  id: string,
  { email, uid }: { email: string; uid: string },
): Promise<User | undefined> {
  try {
    const [user] = await tx.query<User[]>`
      WITH claimed AS (
        UPDATE users SET uid = ${uid}, uid_updateable = false
        WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${id}::uuid AND email = ${email} AND uid_updateable
        RETURNING ${userColumns.list}
      ), audited AS (${record(actor, 'claimUser', { from: Prisma.sql`claimed`, userId: Prisma.sql`id` })})
      SELECT * FROM claimed`;
    return user;
  } catch (error) {
    // Another caller has just created the uid: from the start again, which then finds that user.
    throw violates(error, 'users_uid_unique') ? new TransactionConflict() : error;
  }
}

/** Whether a candidate lost to another claim is still there with the address: else it is no candidate any more. */
async function hasEmail(tx: Db, workspaceId: string, id: string, email: string): Promise<boolean> {
  const found = await tx.query<unknown[]>`
    SELECT FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND email = ${email}`;
  return found.length > 0;
}
