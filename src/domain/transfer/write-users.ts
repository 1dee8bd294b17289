import { z } from 'zod';
import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { recordEach } from '../changes/record.ts';
import { devicePlatforms } from '../devices/device.ts';
import { registerDevices } from '../devices/write.ts';
import { type LockedLists, lockLists } from '../lists/subscribe.ts';
import type { Actor } from '../shared/actor.ts';
import { isJsonObject } from '../shared/attributes.ts';
import { type Failure, isFailure, type Outcome } from '../shared/bulk.ts';
import { ForbiddenError, ValidationError, type ValidationIssue } from '../shared/errors.ts';
import { instant } from '../shared/instant.ts';
import { MAX_DEVICES } from '../shared/limits.ts';
import type { Scope } from '../shared/scopes.ts';
import { deviceToken, userUpdate } from '../users/inputs.ts';
import { upsertMany } from '../users/upsert-many.ts';
import { CellError, toDate } from './cells.ts';

/** An instant as text or a Unix timestamp, as exports write it. */
const instantText = z.preprocess((value, context) => {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  try {
    return toDate(value);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    context.addIssue({ code: 'custom', params: { code: error.code }, message: error.message });
    return z.NEVER;
  }
}, instant);

/** An instant with more digits than a `Date` has stays text, because they decide the order of devices. */
const exactInstant = z.unknown().transform((value, context): Date | string => {
  const { data, error } = instantText.safeParse(value);
  if (!data) {
    const params = { code: 'INVALID_DATE' };
    context.addIssue({ code: 'custom', params, message: error?.issues[0]?.message ?? 'must be a date' });
    return z.NEVER;
  }
  return typeof value === 'string' && /T\d\d:\d\d:\d\d\.\d{4,6}Z$/.test(value) ? value : data;
});

const listId = z.uuid().transform((id) => id.toLowerCase());

/** A membership as exports write it. */
const membership = z.object({
  id: listId,
  subscribed: z.boolean().default(true),
  joinedAt: instantText.nullish(),
});

/** The input of `updateUser` with what exports add. */
const exportedUser = userUpdate.safeExtend({
  listIds: z.array(listId).nullish(),
  uidUpdateable: z.boolean().nullish(),
  devices: z
    .array(z.object({ token: deviceToken, platform: z.enum(devicePlatforms), lastSeenAt: exactInstant.nullish() }))
    .max(MAX_DEVICES, { error: `must have at most ${MAX_DEVICES} devices` })
    .nullish(),
  memberships: z.array(membership).nullish(),
});

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

/** The platform of a device can be in upper case, as in GraphQL. */
const withLowerCasePlatform = (device: unknown): unknown =>
  isJsonObject(device) && typeof device.platform === 'string'
    ? { ...device, platform: device.platform.toLowerCase() }
    : device;

/** `lists` has ids, or memberships with their state. */
function membershipsOf(lists: unknown): object {
  if (!isList(lists)) return { listIds: lists };
  return lists.some((list) => typeof list === 'object' && list !== null)
    ? { memberships: lists.map((list) => (typeof list === 'string' ? { id: list } : list)) }
    : { listIds: lists };
}

/** A user of a file. */
export const importedUser = z.preprocess((value) => {
  if (!isJsonObject(value)) return value;
  const { lists, device, devices, ...input } = value;
  return {
    ...input,
    ...('device' in value ? { device: withLowerCasePlatform(device) } : {}),
    ...('devices' in value ? { devices: isList(devices) ? devices.map(withLowerCasePlatform) : devices } : {}),
    ...('lists' in value ? membershipsOf(lists) : {}),
  };
}, exportedUser);

/** A validated user of a file. */
export type ImportedUser = z.output<typeof importedUser>;

const FULL_AUTHENTICATION: Scope = 'users:write';
const LIST_WRITING: Scope = 'lists:write';

/**
 * Creates and updates users with all that belongs to them. Those that say whether their uid can be updated are restored: they do
 * not claim others with the same address, and archived lists keep them as members.
 * @returns whether each user was created, or its error, in order.
 */
export async function writeUsers(
  tx: WriteDb,
  actor: Actor,
  inputs: readonly ImportedUser[],
): Promise<Outcome<{ isCreated: boolean }>[]> {
  // Before the users, in the order in which every transaction locks them.
  const listIds = inputs.flatMap((input) => [
    ...(input.listIds ?? []),
    ...(input.memberships ?? []).map(({ id }) => id),
  ]);
  const lists = await lockLists(tx, actor.workspaceId, [...new Set(listIds)]);
  const checked = inputs.map((input): Outcome<ImportedUser> => {
    const error = missingScope(actor, input) ?? unknownLists(input, lists);
    return error ? { error } : input;
  });
  const outcomes: Outcome<{ isCreated: boolean; userId: string }>[] = [];
  for (const run of runsOf(checked)) {
    const upserted = await upsertMany(tx, actor, run.map(toUpdate), { canClaim: !run.some(isRestored) });
    outcomes.push(
      ...upserted.map((each) => (isFailure(each) ? each : { isCreated: each.created, userId: each.user.id })),
    );
  }
  await writeRelations(tx, actor, checked, outcomes);
  return outcomes;
}

function missingScope({ scopes }: Actor, { memberships, uidUpdateable }: ImportedUser): ForbiddenError | undefined {
  if (memberships?.length && !scopes.has(LIST_WRITING)) {
    return new ForbiddenError('Subscribing a user to lists', LIST_WRITING);
  }
  if (uidUpdateable && !scopes.has(FULL_AUTHENTICATION)) {
    return new ForbiddenError('Making a uid updateable', FULL_AUTHENTICATION);
  }
  return undefined;
}

function unknownLists({ listIds, memberships }: ImportedUser, lists: LockedLists): ValidationError | undefined {
  const ids = memberships?.map(({ id }) => id) ?? listIds ?? [];
  const issues = ids.flatMap((id, place): ValidationIssue[] =>
    lists.has(id) ? [] : [{ path: ['lists', String(place)], code: 'NOT_FOUND', message: `names no list: ${id}` }],
  );
  return issues.length > 0 ? new ValidationError(issues) : undefined;
}

const isRestored = (input: Outcome<ImportedUser>) => !isFailure(input) && input.uidUpdateable != null;

/** Divides inputs into runs of consecutive ones that are restored, and that are not. */
function runsOf(inputs: readonly Outcome<ImportedUser>[]): Outcome<ImportedUser>[][] {
  const runs: Outcome<ImportedUser>[][] = [];
  for (const [place, input] of inputs.entries()) {
    const previous = inputs[place - 1];
    if (previous !== undefined && isRestored(previous) === isRestored(input)) runs.at(-1)?.push(input);
    else runs.push([input]);
  }
  return runs;
}

function toUpdate(input: Outcome<ImportedUser>) {
  if (isFailure(input)) return input satisfies Failure;
  const { uidUpdateable: _, devices: _devices, memberships: _memberships, ...update } = input;
  return update;
}

async function writeRelations(
  tx: WriteDb,
  actor: Actor,
  inputs: readonly Outcome<ImportedUser>[],
  outcomes: readonly Outcome<{ isCreated: boolean; userId: string }>[],
): Promise<void> {
  const written = inputs.flatMap((input, place) => {
    const outcome = outcomes[place];
    return isFailure(input) || !outcome || isFailure(outcome) ? [] : [{ ...outcome, input }];
  });
  const devices = written.flatMap(({ input, userId }) =>
    (input.devices ?? []).map(({ lastSeenAt, ...device }) => ({ userId, device, lastSeenAt: lastSeenAt ?? undefined })),
  );
  await registerDevices(tx, actor, devices);
  const memberships = written.flatMap(({ input, userId }) =>
    (input.memberships ?? []).map((each) => ({ userId, ...each })),
  );
  await restoreMemberships(tx, actor, memberships);
  const updateable = written.filter(({ input, isCreated }) => isCreated && input.uidUpdateable);
  await makeUpdateable(
    tx,
    actor,
    updateable.map(({ userId }) => userId),
  );
}

/** A membership to restore. */
interface RestoredMembership {
  userId: string;
  id: string;
  subscribed: boolean;
  joinedAt?: Date | null | undefined;
}

/** Creates memberships in lists that the transaction has locked, archived or not, and sets the state of those that exist. */
async function restoreMemberships(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  memberships: readonly RestoredMembership[],
): Promise<void> {
  if (memberships.length === 0) return;
  const at = new Date();
  const actor = { workspaceId, actorName: Prisma.sql`${actorName}`, at };
  const rows = memberships.map((membership, place) => ({ ...membership, place }));
  const changed = (subscribed: boolean) => ({
    from: Prisma.sql`written WHERE subscribed = ${subscribed}`,
    userId: Prisma.sql`user_id`,
    listId: Prisma.sql`list_id`,
  });
  await tx.execute`/* restoreMemberships */
    WITH input AS (
      -- Of memberships of the same user and list, the last one is written.
      SELECT DISTINCT ON (id, "userId") * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS sent(
        place int, id uuid, "userId" uuid, subscribed boolean, "joinedAt" timestamptz
      ) ORDER BY id, "userId", place DESC
    ), written AS (
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
      SELECT ${workspaceId}::uuid, id, "userId", subscribed, coalesce("joinedAt", ${at}::timestamptz)
      FROM input ORDER BY id, "userId"
      ON CONFLICT (workspace_id, list_id, user_id) DO UPDATE SET subscribed = excluded.subscribed
      RETURNING list_id, user_id, subscribed
    ), unsubscribed AS (${recordEach(actor, 'unsubscribeFromList', changed(false))})
    ${recordEach(actor, 'subscribeToList', changed(true))}`;
}

/** Lets the uids of users whom the transaction has created be set once. */
async function makeUpdateable(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return;
  const actor = { workspaceId, actorName: Prisma.sql`${actorName}`, at: new Date() };
  await tx.execute`/* makeUidsUpdateable */
    WITH changed AS (
      UPDATE users SET uid_updateable = true
      WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(userIds, 'uuid')})
      RETURNING id
    )
    ${recordEach(actor, 'updateUser', {
      from: Prisma.sql`changed`,
      userId: Prisma.sql`id`,
      changed: Prisma.sql`'{uidUpdateable}'::text[]`,
    })}`;
}
