import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { clockMicroseconds, uuidv7Sql } from '../../db/sql.ts';
import { recordEach } from '../changes/record.ts';
import { movedDevice } from '../devices/write.ts';
import type { Attributed } from '../shared/actor.ts';
import type { NewUser, UserUpdate } from './inputs.ts';
import { insertedColumns, insertedValues, toPatch } from './profile-fields.ts';
import { type User, userColumns } from './user.ts';

/** A user to insert, with the permissions of the sender. */
export interface UserToInsert extends Attributed<Omit<NewUser, 'listIds' | 'idempotencyKey'> | UserUpdate> {
  /** Whether the sender may read users. If not, its attributes count as sent by a public caller. */
  canRead: boolean;
  /** Skips the insert if exactly one user with the same address has an updateable uid: that user claims the uid instead. */
  canClaim?: boolean;
  /** The id of the user; generated from the database's clock by default. */
  id?: string | undefined;
}

/**
 * Inserts users with one statement, each with its device and its audit entries.
 *
 * Users are inserted in the order of their uids, so that concurrent statements cannot deadlock. A new user has no other
 * devices, so no old ones have to be deleted. The statement waits for a transaction that is inserting or deleting one of
 * the uids.
 * @returns the user of each input, in order; undefined if the uid is taken, or must be claimed (`canClaim`).
 */
export async function insertUsers(
  db: WriteDb,
  workspaceId: string,
  users: readonly UserToInsert[],
): Promise<(User | undefined)[]> {
  const now = new Date();
  const rows = users.map(({ input, ...options }, place) => ({
    place,
    uid: input.uid,
    patch: toPatch(input),
    ...options,
    ...(input.device ? { device: input.device } : {}),
  }));
  const id = Prisma.sql`coalesce(input.id, ${uuidv7Sql(Prisma.sql`clock.microseconds`, Prisma.sql`input.place`)})`;
  const inserted = await db.query<(User & { place: number })[]>`/* insertUsers */
    WITH clock AS MATERIALIZED (SELECT ${clockMicroseconds} AS microseconds), input AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
        place int, id uuid, uid text, patch jsonb, "actorName" text, "canRead" boolean, "canClaim" boolean,
        device jsonb
      )
    ), created AS (
      INSERT INTO users (workspace_id, id, uid, ${insertedColumns}, public_meta, updated_at)
      SELECT ${workspaceId}::uuid, ${id}, input.uid, ${insertedValues(now)},
        CASE WHEN input."canRead" THEN '{}' ELSE coalesce(nullif(input.patch->'meta', 'null'), '{}') END,
        ${now}::timestamptz
      FROM input CROSS JOIN clock
      ${users.some(({ canClaim }) => canClaim) ? unlessClaimable(workspaceId) : Prisma.empty}
      ORDER BY input.uid
      ON CONFLICT (workspace_id, uid) DO NOTHING
      RETURNING ${userColumns.list}
    ), audited AS (${recordEach({ workspaceId, actorName: Prisma.sql`input."actorName"`, at: now }, 'createUser', {
      from: Prisma.sql`created JOIN input USING (uid)`,
      userId: Prisma.sql`created.id`,
    })} RETURNING seq) ${users.some(({ input }) => input.device) ? registeredDevices(workspaceId, now) : Prisma.empty}
    SELECT created.*, input.place FROM created JOIN input USING (uid)`;
  const byPlace = new Map(inserted.map(({ place, ...user }) => [place, user]));
  return users.map((_, place) => byPlace.get(place));
}

/** Skips inputs whose address belongs to exactly one user with an updateable uid. */
const unlessClaimable = (workspaceId: string) => Prisma.sql`
  WHERE input."canClaim" IS NOT TRUE OR 1 <> (
    SELECT count(*) FROM (
      SELECT FROM users
      WHERE users.workspace_id = ${workspaceId}::uuid AND users.email = input.patch->>'email' AND users.uid_updateable
      LIMIT 2
    ) AS candidate
  )`;

/**
 * CTEs that register the devices of the created users. A token that another user had moves to the new user. Their changes are
 * recorded after the creations have been: they read what those return.
 */
const registeredDevices = (workspaceId: string, at: Date) => Prisma.sql`, registered AS (
    INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
    SELECT ${workspaceId}::uuid, input.device->>'token', created.id,
      (input.device->>'platform')::device_platform, clock_timestamp()
    FROM created JOIN input USING (uid) WHERE input.device IS NOT NULL
    ORDER BY input.device->>'token'
    ON CONFLICT (workspace_id, token) DO UPDATE SET ${movedDevice}
    RETURNING user_id, former_user_id
  ), moved AS (${recordEach({ workspaceId, actorName: Prisma.sql`input."actorName"`, at }, 'removeDevice', {
    from: Prisma.sql`registered JOIN created ON created.id = registered.user_id JOIN input USING (uid)
        WHERE registered.former_user_id IS NOT NULL`,
    userId: Prisma.sql`registered.former_user_id`,
  })}), registration_audited AS (${recordEach(
    { workspaceId, actorName: Prisma.sql`input."actorName"`, at },
    'registerDevice',
    {
      from: Prisma.sql`(SELECT count(*) FROM audited) AS creations, registered JOIN created ON created.id = registered.user_id JOIN input USING (uid)`,
      userId: Prisma.sql`created.id`,
    },
  )})`;
