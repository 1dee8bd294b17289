import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../shared/actor.ts';
import { newId } from '../shared/ids.ts';
import type { Action } from './audit.ts';

/** What a statement has written, in SQL: an entry is made for each of its rows. */
interface Written {
  /** The CTE that returns what was written, with what is joined to it. */
  from: Prisma.Sql;
  userId?: Prisma.Sql;
  listId?: Prisma.Sql;
  eventId?: Prisma.Sql;
}

/** Whose entries they are, and when. */
interface Signature {
  workspaceId: string;
  /** A new UUIDv7 for each row, not from before `at`: `readAudit` relies on that. */
  id: Prisma.Sql;
  actorName: Prisma.Sql;
  at: Date;
}

const NONE = Prisma.sql`NULL::uuid`;

/**
 * The part of a writing statement that makes the audit trail's entry of what it writes: so there is never one without
 * the other, and no further round trip.
 */
export function record({ workspaceId, actorName }: Actor, action: Action, written: Written): Prisma.Sql {
  const at = new Date();
  return recordEach(
    { workspaceId, id: Prisma.sql`${newId()}::uuid`, actorName: Prisma.sql`${actorName}`, at },
    action,
    written,
  );
}

/** The same for a statement that writes several rows, or for several callers. */
export function recordEach(
  { workspaceId, id, actorName, at }: Signature,
  action: Action,
  { from, userId = NONE, listId = NONE, eventId = NONE }: Written,
): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO audit_entries (workspace_id, id, at, key_id, action, user_id, list_id, event_id)
    SELECT ${workspaceId}::uuid, ${id}, ${at}::timestamptz, ${actorName}, ${action}::audit_action, ${userId}, ${listId}, ${eventId}
    FROM ${from}`;
}
