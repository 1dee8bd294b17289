import { batchedWrite } from '../../db/batching.ts';
import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { retryOnConflict } from '../../db/retry.ts';
import { arrayParameter, clockMicroseconds, uuidv7Sql } from '../../db/sql.ts';
import { changedEvent, recordEach } from '../changes/record.ts';
import type { CanonicalInput } from '../idempotency/digest.ts';
import { claimKeySql, findResult, idempotentRequest, orBusyError } from '../idempotency/keys.ts';
import type { Actor, Attributed } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { type Event, eventColumns, readEvents } from './event.ts';
import type { NewEvent } from './inputs.ts';

/**
 * Adds an event to a user with one statement, together with concurrent events. With an idempotency key, the event is added by
 * a statement of its own, and a retry returns the event that the first request added.
 * @throws {NotFoundError} if the workspace has no such user, or the user has been deleted.
 * @throws {IdempotencyConflictError} if the idempotency key was used with another operation or input.
 * @throws {IdempotencyKeyBusyError} if a request with the same key is in flight for too long.
 */
export async function addEvent(
  db: WriteDb,
  { workspaceId, actorName }: Actor,
  { idempotencyKey, ...input }: NewEvent,
): Promise<Event> {
  const event =
    idempotencyKey == null
      ? await batchedInsert(db, workspaceId, { actorName, input })
      : await addOnce(db, workspaceId, { actorName, input }, idempotencyKey);
  if (!event) throw new NotFoundError('User');
  return event;
}

const batchedInsert = batchedWrite<EventToInsert, Event>('insertEvents', (db, workspaceId, events, lock) =>
  insertEvents(db, workspaceId, events, { lock }),
);

/** Adds an event with an idempotency key, or reads the one that was added; undefined if there is no such user or event. */
async function addOnce(
  db: WriteDb,
  workspaceId: string,
  event: EventToInsert,
  key: string,
): Promise<Event | undefined> {
  const request = idempotentRequest(key, 'addEvent', canonicalNewEvent(event.input));
  const claim = claimKeySql(workspaceId, request, Prisma.sql`owner`);
  const [added] = await orBusyError(
    retryOnConflict(() => insertEvents(db, workspaceId, [event], { lock: 'wait', claim })),
  );
  if (added) return added;
  const existingId = await findResult(db, workspaceId, request);
  if (existingId === undefined) return undefined;
  return (await readEvents(db, workspaceId, [existingId])).get(existingId);
}

/** The input in its canonical form, whose names are part of stored digests (idempotency/digest.ts). */
export function canonicalNewEvent(input: EventToInsert['input']): CanonicalInput {
  const { uid, name, value, properties, timestamp, ...others } = input;
  // Does not compile if a field is missing from the canonical form.
  const noOthers: Record<string, never> = others;
  return { uid, name, value, properties, timestamp, ...noOthers };
}

/** An event to insert, with the name of its sender. */
export interface EventToInsert extends Attributed<Omit<NewEvent, 'idempotencyKey'>> {
  /** The id of the event; generated from the database's clock by default. */
  id?: string | undefined;
}

/** Options of `insertEvents`. */
interface InsertOptions {
  /** What to do with users whom another transaction has locked: `skip` leaves out their events. */
  lock: 'wait' | 'skip';
  /**
   * CTEs with a `claimed`, whose row has the id of the only event as `made_id`; without a row, nothing is inserted. They can
   * refer to the users as `owner`.
   */
  claim?: Prisma.Sql;
}

/**
 * SQL that locks the users with some uids against deletion. Each is looked up by its key: with `= ANY`, PostgreSQL reads all users
 * of a workspace that its statistics do not know (users/upsert-many.ts). With `wait`, locks in the order of the ids.
 */
function ownersSql(workspaceId: string, uids: readonly string[], lock: InsertOptions['lock']): Prisma.Sql {
  const sent = Prisma.sql`unnest(${arrayParameter(uids, 'text')}) AS sent(uid)`;
  const byUid = Prisma.sql`
    WHERE workspace_id = ${workspaceId}::uuid AND uid BETWEEN sent.uid AND sent.uid ORDER BY uid LIMIT 1`;
  if (lock === 'skip' || uids.length === 1) {
    return Prisma.sql`SELECT users.* FROM ${sent} CROSS JOIN LATERAL (
      SELECT id, uid FROM users ${byUid} FOR KEY SHARE ${lock === 'skip' ? Prisma.sql`SKIP LOCKED` : Prisma.empty}
    ) AS users`;
  }
  return Prisma.sql`SELECT users.* FROM (
      SELECT users.id FROM ${sent} CROSS JOIN LATERAL (SELECT id FROM users ${byUid}) AS users ORDER BY users.id
    ) AS sorted CROSS JOIN LATERAL (
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND id BETWEEN sorted.id AND sorted.id ORDER BY id LIMIT 1 FOR KEY SHARE
    ) AS users`;
}

/**
 * Inserts events and their audit entries with one statement. Locks each user against deletion, so that no event is added to a
 * deleted user; with `wait`, in the order of the ids, as all writes of several users do.
 *
 * The ids are generated from the database's clock when the statement holds every lock, so that an event becomes visible soon
 * after the time of its id, no matter how long the statement waited: followers depend on that (docs/following.md). The
 * ids of one statement are in the order of the inputs.
 * @returns the event of each input, in order; undefined if its user does not exist or was skipped.
 */
export async function insertEvents(
  db: WriteDb,
  workspaceId: string,
  events: readonly EventToInsert[],
  { lock, claim }: InsertOptions,
): Promise<(Event | undefined)[]> {
  const now = new Date();
  const rows = events.map(({ actorName, input, id }, place) => ({
    ...input,
    given_id: id,
    place,
    actorName,
    changed: [changedEvent(input.name)],
  }));
  const uids = new Set(rows.map(({ uid }) => uid));
  const clock = claim
    ? Prisma.sql`${claim}, clock AS (SELECT made_id FROM claimed)`
    : // An aggregate reads all rows of `owner`, and so waits for every lock, before it returns one.
      Prisma.sql`clock AS (SELECT ${clockMicroseconds} AS microseconds FROM owner HAVING count(*) > 0)`;
  const madeId = claim ? Prisma.sql`clock.made_id` : uuidv7Sql(Prisma.sql`clock.microseconds`, Prisma.sql`sent.place`);
  const inserted = await db.query<(Event & { place: number })[]>`/* insertEvents */
    WITH owner AS (
      ${ownersSql(workspaceId, [...uids], lock)}
    ), ${clock}, input AS (
      SELECT coalesce(sent.given_id, ${madeId}) AS id, owner.id AS user_id, sent.*
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS sent(
        place int, given_id uuid, uid text, name text, value jsonb, properties jsonb, timestamp timestamptz, "actorName" text, changed text[]
      ) JOIN owner USING (uid) CROSS JOIN clock
    ), added AS (
      INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      SELECT
        ${workspaceId}::uuid, id, user_id, name, value, coalesce(properties, '{}'), coalesce(timestamp, ${now})
      FROM input
      RETURNING ${eventColumns.list}
    ), audited AS (${recordEach({ workspaceId, actorName: Prisma.sql`"actorName"`, at: now }, 'addEvent', {
      // The changes are numbered in the order of the inputs.
      from: Prisma.sql`(SELECT * FROM input ORDER BY place) AS input`,
      userId: Prisma.sql`user_id`,
      eventId: Prisma.sql`id`,
      changed: Prisma.sql`changed`,
    })})
    SELECT added.*, input.place FROM added JOIN input USING (id)`;
  const byPlace = new Map(inserted.map(({ place, ...event }) => [place, event]));
  return events.map((_, place) => byPlace.get(place));
}
