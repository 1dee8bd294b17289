import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { record, recordEach } from '../changes/record.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { MAX_DEVICES } from '../shared/limits.ts';
import type { NewDevice } from '../users/inputs.ts';

/** The assignments of a device that is registered again, by the same user or another one. */
export const movedDevice = Prisma.sql`
  former_user_id = CASE WHEN devices.user_id <> excluded.user_id THEN devices.user_id END,
  user_id = excluded.user_id, platform = excluded.platform, last_seen_at = excluded.last_seen_at`;

/**
 * Registers a device as the newest of a user, and deletes the oldest ones beyond `MAX_DEVICES`. A token of another user
 * moves to this user, which is recorded for both. An earlier statement of the transaction must have locked or inserted the user: otherwise the statement
 * does not see the devices of concurrent registrations, and counts too few.
 */
export async function registerDevice(tx: WriteDb, actor: Actor, userId: string, device: NewDevice): Promise<void> {
  const { workspaceId } = actor;
  // The DELETE names the user twice: a device that a concurrent transaction moves away is checked again, and stays.
  await tx.execute`/* registerDevice */
    WITH registered AS (
      INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
      VALUES (
        ${workspaceId}::uuid, ${device.token}, ${userId}::uuid, ${device.platform}::device_platform, clock_timestamp()
      )
      ON CONFLICT (workspace_id, token) DO UPDATE SET ${movedDevice}
      RETURNING user_id, former_user_id
    ), moved AS (${record(actor, 'removeDevice', {
      from: Prisma.sql`registered WHERE former_user_id IS NOT NULL`,
      userId: Prisma.sql`former_user_id`,
    })}), dropped AS (
      DELETE FROM devices
      WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND token IN (
        SELECT token FROM devices
        WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND token <> ${device.token}
        ORDER BY last_seen_at DESC, token OFFSET ${MAX_DEVICES - 1}
      )
    )
    ${record(actor, 'registerDevice', { from: Prisma.sql`registered`, userId: Prisma.sql`user_id` })}`;
}

/** A device to register for a user. */
export interface Registration {
  userId: string;
  device: NewDevice;
  /** When the device was last registered, for a device that is restored, as text with microseconds; now by default. */
  lastSeenAt?: Date | string | undefined;
}

/**
 * `registerDevice` for many users, with two statements. A token that several registrations contain belongs to the last of
 * them. An earlier statement of the transaction must have locked or inserted the users.
 */
export async function registerDevices(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  registrations: readonly Registration[],
): Promise<void> {
  const rows = newestDevices(registrations);
  if (rows.length === 0) return;
  const at = new Date();
  const tokens = rows.map(({ token }) => token);
  await lockDevices(tx, workspaceId, tokens, [...new Set(rows.map(({ userId }) => userId))]);
  const actor = { workspaceId, actorName: Prisma.sql`${actorName}`, at };
  await tx.execute`/* registerDevices */
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS input(token text, "userId" uuid, platform device_platform, place int, "lastSeenAt" timestamptz)
    ), registered AS (
      INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
      SELECT ${workspaceId}::uuid, token, "userId", platform,
        coalesce("lastSeenAt", statement_timestamp() + place * interval '1 microsecond')
      FROM input ORDER BY token
      ON CONFLICT (workspace_id, token) DO UPDATE SET ${movedDevice}
      RETURNING user_id, former_user_id
    ), moved AS (${recordEach(actor, 'removeDevice', {
      from: Prisma.sql`registered WHERE former_user_id IS NOT NULL`,
      userId: Prisma.sql`former_user_id`,
    })}), dropped AS (
      DELETE FROM devices USING (
        SELECT old.token FROM (SELECT "userId", count(*) FROM input GROUP BY 1) AS added CROSS JOIN LATERAL (
          SELECT token FROM devices
          WHERE workspace_id = ${workspaceId}::uuid AND user_id BETWEEN added."userId" AND added."userId"
            AND token <> ALL(${arrayParameter(tokens, 'text')})
          ORDER BY user_id, last_seen_at DESC, token OFFSET ${MAX_DEVICES}::int - added.count
        ) AS old
      ) AS old
      WHERE devices.workspace_id = ${workspaceId}::uuid AND devices.token = old.token
    )
    ${recordEach(actor, 'registerDevice', { from: Prisma.sql`registered`, userId: Prisma.sql`user_id` })}`;
}

/**
 * Locks devices with some tokens, and those of some users, in the order of the tokens, so that concurrent registrations cannot
 * deadlock. Looks them up by ranges, for the reason that users/upsert-many.ts gives.
 */
async function lockDevices(
  tx: WriteDb,
  workspaceId: string,
  tokens: readonly string[],
  userIds: readonly string[],
): Promise<void> {
  await tx.query`/* lockDevices */
    WITH found AS MATERIALIZED (
      SELECT devices.token
      FROM unnest(${arrayParameter(tokens, 'text')}) AS sent(token) CROSS JOIN LATERAL (
        SELECT token FROM devices
        WHERE workspace_id = ${workspaceId}::uuid AND token BETWEEN sent.token AND sent.token ORDER BY token LIMIT 1
      ) AS devices
      UNION
      SELECT devices.token FROM unnest(${arrayParameter(userIds, 'uuid')}) AS owner(id) CROSS JOIN LATERAL (
        SELECT token FROM devices
        WHERE workspace_id = ${workspaceId}::uuid AND user_id BETWEEN owner.id AND owner.id ORDER BY user_id OFFSET 0
      ) AS devices
    )
    SELECT FROM (SELECT token FROM found ORDER BY token) AS sorted CROSS JOIN LATERAL (
      SELECT FROM devices
      WHERE workspace_id = ${workspaceId}::uuid AND token BETWEEN sorted.token AND sorted.token
      ORDER BY token LIMIT 1 FOR UPDATE
    ) AS devices`;
}

/** The devices that remain after several registrations in order: the last of each token, and the newest of each user. */
function newestDevices(registrations: readonly Registration[]) {
  const byToken = new Map<
    string,
    NewDevice & { userId: string; place: number; lastSeenAt: Date | string | undefined }
  >();
  for (const [place, { userId, device, lastSeenAt }] of registrations.entries()) {
    byToken.set(device.token, { userId, ...device, place, lastSeenAt });
  }
  const byUser = Map.groupBy(byToken.values(), ({ userId }) => userId);
  return [...byUser.values()].flatMap((devices) => devices.sort((a, b) => b.place - a.place).slice(0, MAX_DEVICES));
}

/** A device that was removed, or that does not exist. */
export interface RemovedDevice {
  token: string;
  /** The user of the input; undefined if the workspace has no such user. */
  userId: string | undefined;
}

/**
 * Removes a device from a user, as at sign-out. An actor who may not read users gets the same response if there is nothing to
 * remove; no audit entry is written then.
 * @throws {NotFoundError} to an actor who may read users, if the workspace has no such user, or the user no such device.
 */
export async function removeDevice(
  db: Database,
  actor: Actor,
  input: { uid: string; token: string },
): Promise<RemovedDevice> {
  const { workspaceId } = actor;
  const [owner] = await db.query<{ id: string; isRemoved: boolean }[]>`/* removeDevice */
    WITH owner AS (
      SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid}
    ), removed AS (
      DELETE FROM devices USING owner
      WHERE devices.workspace_id = ${workspaceId}::uuid AND devices.token = ${input.token}
        AND devices.user_id = owner.id
      RETURNING devices.user_id
    ), audited AS (${record(actor, 'removeDevice', { from: Prisma.sql`removed`, userId: Prisma.sql`user_id` })})
    SELECT id, EXISTS (SELECT 1 FROM removed) AS "isRemoved" FROM owner`;
  if (canReadUsers(actor)) {
    if (!owner) throw new NotFoundError('User');
    if (!owner.isRemoved) throw new NotFoundError('Device');
  }
  return { token: input.token, userId: owner?.id };
}
