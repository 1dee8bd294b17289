import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../../db/client.ts';
import { NotFoundError } from '../errors.ts';
import { type Event, eventColumns } from './event.ts';
import type { NewEvent } from './inputs.ts';

/**
 * Adds an event to a user, in one statement: the user is locked against deletion while it is inserted, so that
 * no event is left without one.
 * @throws {NotFoundError} when the workspace has no such user.
 */
export async function addEvent(db: Db, workspaceId: string, input: NewEvent): Promise<Event> {
  const value = input.value == null ? null : JSON.stringify(input.value);
  const [event] = await db.query<Event[]>`
    WITH owner AS (
      SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid} FOR KEY SHARE
    )
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT
      ${workspaceId}::uuid, ${uuidv7()}::uuid, owner.id, ${input.name}, ${value}::jsonb,
      ${JSON.stringify(input.properties ?? {})}::jsonb, ${input.timestamp ?? new Date()}
    FROM owner
    RETURNING ${eventColumns}`;
  if (!event) throw new NotFoundError('User');
  return event;
}
