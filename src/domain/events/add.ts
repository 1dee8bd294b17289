import { batchedWrite } from '../../db/batching.ts';
import type { WriteDb } from '../../db/client.ts';
import { retryOnConflict } from '../../db/retry.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor, Attributed } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { idempotentRequest, findResult, claimKeySql, orBusyError } from '../idempotency/keys.ts';
import { type Event, readEvents, eventColumns } from './event.ts';
import type { NewEvent } from './inputs.ts';
import { arrayParameter, clockMicroseconds, uuidv7Sql } from '../../db/sql.ts';
import { recordEach } from '../changes/record.ts';
import { newId } from '../shared/ids.ts';

/**
 * Adds an event to a user, in one statement, and together with others that come at the same time. With an idempotency
 * key, by itself, and once: the same again is answered with the event that there is.
 * @throws {NotFoundError} when the workspace has no such user, or no more.
 * @throws {IdempotencyConflictError} when the idempotency key stands for something else.
 */
export async function addEvent(
  db: WriteDb,
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

const addTogether = batchedWrite<EventToInsert, Event>((db, workspaceId, events, lock) =>
  insertEvents(db, workspaceId, events, { lock }),
);

/** Adds an event under a key, or reads the one that was; nothing where there is no such user, or no more. */
async function addOnce(
  db: WriteDb,
  workspaceId: string,
  event: EventToInsert,
  key: string,
): Promise<Event | undefined> {
  const use = idempotentRequest(key, 'addEvent', event.input);
  const taking = claimKeySql(workspaceId, use, Prisma.sql`owner`);
  const [added] = await orBusyError(
    retryOnConflict(() => insertEvents(db, workspaceId, [event], { lock: 'wait', taking })),
  );
  if (added) return added;
  const madeId = await findResult(db, workspaceId, use);
  if (madeId === undefined) return undefined;
  return (await readEvents(db, workspaceId, [madeId])).get(madeId);
}

/** An event to insert, and who gave it. */
export type EventToInsert = Attributed<Omit<NewEvent, 'idempotencyKey'>>;

/** How events are inserted. */
interface Insertion {
  /** What to do with users whom somebody else has locked: with `skip`, their events are left out. */
  lock: 'wait' | 'skip';
  /** CTEs with a `taken`, whose row has the id of the one event; without it, nothing is inserted. They see the users as `owner`. */
  taking?: Prisma.Sql;
}

/**
 * Inserts events with one statement, and their entries in the audit trail: each user is locked against deletion
 * meanwhile, so that no event is added to one who is gone.
 *
 * The ids are made of the database's clock when the statement has every lock, so that an event is visible soon after the
 * instant of its id, however long the statement waited: followers rely on that (docs/following.md). Those of one statement
 * are in the order of their inputs.
 * @returns the events, each at its input's place; nothing at the place of one whose user there is not.
 */
export async function insertEvents(
  db: WriteDb,
  workspaceId: string,
  events: readonly EventToInsert[],
  { lock, taking }: Insertion,
): Promise<(Event | undefined)[]> {
  const now = new Date();
  const rows = events.map(({ actorName, input }, place) => ({
    timestamp: now,
    ...input,
    place,
    actorName,
    entryId: newId(),
  }));
  const uids = new Set(rows.map(({ uid }) => uid));
  const ids = taking
    ? Prisma.sql`${taking}, clock AS (SELECT made_id FROM taken)`
    : // It is read when all of `owner` is: an aggregate has its rows before it gives one.
      Prisma.sql`clock AS (SELECT ${clockMicroseconds} AS microseconds FROM owner HAVING count(*) > 0)`;
  const id = taking ? Prisma.sql`clock.made_id` : uuidv7Sql(Prisma.sql`clock.microseconds`, Prisma.sql`given.place`);
  const inserted = await db.query<(Event & { place: number })[]>`
    WITH owner AS (
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${arrayParameter([...uids], 'text')})
      FOR KEY SHARE ${lock === 'skip' ? Prisma.sql`SKIP LOCKED` : Prisma.empty}
    ), ${ids}, input AS (
      SELECT ${id} AS id, owner.id AS user_id, given.*
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS given(
        place int, uid text, name text, value jsonb, properties jsonb, timestamp timestamptz, "actorName" text, "entryId" uuid
      ) JOIN owner USING (uid) CROSS JOIN clock
    ), added AS (
      INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      SELECT
        ${workspaceId}::uuid, id, user_id, name, value, coalesce(properties, '{}'), coalesce(timestamp, ${now})
      FROM input
      RETURNING ${eventColumns.list}
    ), audited AS (${recordEach(
      { workspaceId, id: Prisma.sql`"entryId"`, actorName: Prisma.sql`"actorName"`, at: now },
      'addEvent',
      { from: Prisma.sql`input`, userId: Prisma.sql`user_id`, eventId: Prisma.sql`id` },
    )})
    SELECT added.*, input.place FROM added JOIN input USING (id)`;
  const byPlace = new Map(inserted.map(({ place, ...event }) => [place, event]));
  return events.map((_, place) => byPlace.get(place));
}
