import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../shared/actor.ts';
import type { Action } from './change.ts';

/** The rows that a statement has written, as SQL: each of them gets an entry. */
interface WrittenRows {
  /** The CTE that returns the written rows, together with joined columns. */
  from: Prisma.Sql;
  userId?: Prisma.Sql;
  listId?: Prisma.Sql;
  eventId?: Prisma.Sql;
  apiKeyId?: Prisma.Sql;
  segmentId?: Prisma.Sql;
  /** A `text[]` of what was written (`Change.changed`); null if it follows from the action. */
  changed?: Prisma.Sql;
}

/** The values of an entry that do not depend on the action. */
interface EntryValues {
  workspaceId: string;
  actorName: Prisma.Sql;
  at: Date;
}

const NULL_ID = Prisma.sql`NULL::uuid`;

/**
 * Records the change of one row: returns the part of the writing statement that inserts its audit entry. Every
 * statement that changes users, devices, lists, memberships, events or segments includes it, which
 * test/unit/domain/recorded-writes.test.ts checks. The row and its entry are written atomically, without an additional
 * round trip.
 */
export function record(
  { workspaceId, actorName }: Pick<Actor, 'workspaceId' | 'actorName'>,
  action: Action,
  rows: WrittenRows,
): Prisma.Sql {
  return recordEach({ workspaceId, actorName: Prisma.sql`${actorName}`, at: new Date() }, action, rows);
}

/**
 * `record` for a statement that changes several rows, or writes the inputs of several actors.
 * @param action as SQL, with the columns of `from`, if rows have different actions.
 */
export function recordEach(
  { workspaceId, actorName, at }: EntryValues,
  action: Action | Prisma.Sql,
  { from, userId = NULL_ID, listId = NULL_ID, eventId = NULL_ID, apiKeyId = NULL_ID, ...rest }: WrittenRows,
): Prisma.Sql {
  const { segmentId = NULL_ID, changed = Prisma.sql`NULL::text[]` } = rest;
  return Prisma.sql`
    INSERT INTO changes (workspace_id, at, key_id, action, user_id, list_id, event_id, api_key_id, segment_id, changed)
    SELECT ${workspaceId}::uuid, ${at}::timestamptz, ${actorName}, ${action}::audit_action,
      ${userId}, ${listId}, ${eventId}, ${apiKeyId}, ${segmentId}, ${changed}
    FROM ${from}`;
}

// The entries of `changed`: field names, attribute keys and event names. Attribute keys have the prefix `meta.`, event names
// `event.`, so that they cannot collide with field names.

/** @param key the key in `meta`. */
export const changedAttribute = (key: string) => `meta.${key}`;

/** @param name in its original case; filters compare event names case-insensitively. */
export const changedEvent = (name: string) => `event.${name}`;
