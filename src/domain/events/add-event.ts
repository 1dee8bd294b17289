import { writeTogether } from '../../db/batches.ts';
import type { Db } from '../../db/client.ts';
import { untilNoConflict } from '../../db/conflicts.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { NotFoundError } from '../errors.ts';
import { useOf } from '../idempotency/key-use.ts';
import { madeUnder, takingKey, unlessBusy } from '../idempotency/take-key.ts';
import type { Event } from './event.ts';
import type { NewEvent } from './inputs.ts';
import { type EventToInsert, insertEvents } from './insert-events.ts';
import { readEvents } from './read-events.ts';

/**
 * Adds an event to a user, in one statement, and together with others that come at the same time. With an idempotency
 * key, by itself, and once: the same again is answered with the event that there is.
 * @throws {NotFoundError} when the workspace has no such user, or no more.
 * @throws {IdempotencyConflictError} when the idempotency key stands for something else.
 */
export async function addEvent(
  db: Db,
  { workspaceId, actorName }: Actor,
  { idempotencyKey, ...input }: NewEvent,
): Promise<Event> {
  const event =
    idempotencyKey == null
      ? await addTogether(db, workspaceId, { actorName, input })
      : await addOnce(db, workspaceId, { actorName, input }, idempotencyKey);
  if (!event) throw new NotFoundError('User');
  return event;
}

const addTogether = writeTogether<EventToInsert, Event>((db, workspaceId, events, lock) =>
  insertEvents(db, workspaceId, events, { lock }),
);

/** Adds an event under a key, or reads the one that was; nothing where there is no such user, or no more. */
async function addOnce(db: Db, workspaceId: string, event: EventToInsert, key: string): Promise<Event | undefined> {
  const use = useOf(key, 'addEvent', event.input);
  const taking = takingKey(workspaceId, use, Prisma.sql`owner`);
  const [added] = await unlessBusy(
    untilNoConflict(() => insertEvents(db, workspaceId, [event], { lock: 'wait', taking })),
  );
  if (added) return added;
  const madeId = await madeUnder(db, workspaceId, use);
  if (madeId === undefined) return undefined;
  return (await readEvents(db, workspaceId, [madeId])).get(madeId);
}
