import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { changedAttribute, recordEach } from '../changes/record.ts';
import type { Attributed } from '../shared/actor.ts';
import type { Attributes } from '../shared/attributes.ts';
import { attributeLimits } from '../shared/limits.ts';
import type { UserUpdate } from './inputs.ts';
import {
  assignmentsOf,
  mergedMeta,
  mergedPublicMeta,
  type Patch,
  publicMetaAssignment,
  toPatch,
  uidAssignments,
} from './profile-fields.ts';
import { type User, userColumns } from './user.ts';

/** An update with the permissions of its sender. */
export interface AttributedUpdate extends Attributed<UserUpdate> {
  /** Whether the sender may read users. If not, its attributes count as sent by a public caller. */
  canRead: boolean;
  /** Whether the sender may change the address of a user who has one. */
  canChangeEmail: boolean;
}

/** Options of `writeUpdates`. */
interface UpdateOptions {
  /** What to do with users whom another transaction has locked: `skip` skips their updates. */
  lock: 'wait' | 'skip';
  /**
   * A condition on the merged attributes: for callers who may read users, on all of them; for other callers, on the part that
   * such callers have sent, so that neither the response nor the code path depends on data that they may not read.
   */
  metaCondition?: (meta: Prisma.Sql) => Prisma.Sql;
}

/** A user after an update. */
interface UpdatedUser {
  user: User;
  /** The attributes that callers who may not read users have sent; absent if there was a `metaCondition`. */
  publicMeta: Attributes | undefined;
}

/** `absent`: no user has the uid. `undecided`: the user was not updated, since a condition does not hold. */
export type NotUpdated = 'absent' | 'undecided';

/**
 * Writes updates with one statement; of several updates of one user, the first. Devices are not included.
 *
 * With `wait`, a user is locked once, by the UPDATE: a statement that locked first and updated afterwards would wait twice,
 * and concurrent writers could deadlock. With `skip`, the statement never waits.
 * @returns the result of each update, in order; undefined if it was skipped.
 */
export async function writeUpdates(
  db: WriteDb,
  workspaceId: string,
  updates: readonly AttributedUpdate[],
  { lock, metaCondition }: UpdateOptions,
): Promise<(UpdatedUser | NotUpdated | undefined)[]> {
  const byUid = new Map(updates.toReversed().map((update) => [update.input.uid, update]));
  const at = new Date();
  const rows = [...byUid.values()].map(({ input, ...sender }) => ({
    uid: input.uid,
    patch: toPatch(input),
    ...sender,
    changed: changedByUpdate(input),
  }));
  const results = await db.query<ResultRow[]>`/* writeUpdates */
    WITH owner AS (
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${arrayParameter([...byUid.keys()], 'text')})
      ${lock === 'skip' ? Prisma.sql`FOR NO KEY UPDATE SKIP LOCKED` : Prisma.empty}
    ), input AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS input(uid text, patch jsonb, "actorName" text, "canRead" boolean, "canChangeEmail" boolean, changed text[])
    ), updated AS (
      UPDATE users SET ${assignmentsFor(updates, rows)} updated_at = ${at}
      FROM owner JOIN input USING (uid)
      WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = owner.id AND users.uid = owner.uid
        ${conditionsFor(updates, metaCondition)}
      RETURNING ${userColumns.list}, owner.uid AS "formerUid"
        ${metaCondition ? Prisma.empty : Prisma.sql`, users.public_meta AS "publicMeta"`}
    ), audited AS (${recordEach({ workspaceId, actorName: Prisma.sql`input."actorName"`, at }, 'updateUser', {
      from: Prisma.sql`updated JOIN input ON input.uid = updated."formerUid"`,
      userId: Prisma.sql`updated.id`,
      changed: Prisma.sql`input.changed`,
    })})
    SELECT updated.*, input.uid AS "inputUid", owner.id IS NULL AS "hasNoLock",
      owner.id IS NULL AND NOT EXISTS (
        SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.uid = input.uid
      ) AS "isAbsent"
    FROM input LEFT JOIN owner USING (uid) LEFT JOIN updated ON updated."formerUid" = input.uid`;
  const byInputUid = new Map(results.map((row) => [row.inputUid, toResult(row)]));
  return updates.map((update) =>
    byUid.get(update.input.uid) === update ? byInputUid.get(update.input.uid) : undefined,
  );
}

/** The assignments that any of the updates needs, each followed by a comma. */
function assignmentsFor(updates: readonly AttributedUpdate[], rows: readonly { patch: Patch }[]): Prisma.Sql {
  const assignments = [
    ...assignmentsOf(rows.map(({ patch }) => patch)),
    ...(updates.some(({ input }) => input.newUid != null) ? [uidAssignments] : []),
    ...(updates.some(mayChangePublicMeta) ? [publicMetaAssignment] : []),
  ];
  return Prisma.join([...assignments, Prisma.empty], ', ');
}

/** The conditions that any of the updates needs, each preceded by AND. */
function conditionsFor(
  updates: readonly AttributedUpdate[],
  metaCondition: UpdateOptions['metaCondition'],
): Prisma.Sql {
  const limitedMeta = updates.some(mayChangePublicMeta)
    ? Prisma.sql`CASE WHEN input."canRead" THEN ${mergedMeta} ELSE ${mergedPublicMeta} END`
    : mergedMeta;
  const conditions = [
    ...(metaCondition ? [metaCondition(limitedMeta)] : []),
    ...(updates.some(mayNotChangeEmail) ? [emailCondition] : []),
  ];
  return Prisma.join([Prisma.empty, ...conditions], ' AND ');
}

/** A row of the statement: the columns of the user are null if it was not updated. */
type ResultRow = { [Name in keyof User]: User[Name] | null } & {
  inputUid: string;
  formerUid: string | null;
  hasNoLock: boolean;
  isAbsent: boolean;
  publicMeta?: Attributes;
};

function toResult(row: ResultRow): UpdatedUser | NotUpdated | undefined {
  const { inputUid, formerUid, hasNoLock, isAbsent, publicMeta, ...columns } = row;
  if (isUser(columns)) return { user: columns, publicMeta };
  if (isAbsent) return 'absent';
  return hasNoLock ? undefined : 'undecided';
}

function isUser(columns: { id: string | null }): columns is User {
  return columns.id !== null;
}

/** Whether an update can change `public_meta`: keys that are removed from `meta` are removed there, too. */
function mayChangePublicMeta({ canRead, input: { meta, removeMeta } }: AttributedUpdate): boolean {
  return !canRead || meta === null || removeMeta != null;
}

/** Whether an update is allowed for some values of the stored address only. */
function mayNotChangeEmail({ canChangeEmail, input: { email } }: AttributedUpdate): boolean {
  return email !== undefined && !canChangeEmail;
}

/** `changesEmail` (upsert-in-transaction.ts) as SQL: adding an address, or repeating the stored one, is not a change. */
const emailCondition = Prisma.sql`(
  input."canChangeEmail" OR NOT input.patch ? 'email' OR users.email IS NULL
  OR users.email IS NOT DISTINCT FROM input.patch->>'email'
)`;

/** What an update writes, as its change names it. An update of `meta` to null clears all attributes. */
function changedByUpdate(input: UserUpdate): string[] {
  const { meta, removeMeta, newUid, ...fields } = toPatch(input);
  return [
    ...Object.keys(fields),
    ...(newUid === undefined ? [] : ['uid', 'uidUpdateable']),
    ...(meta === null ? ['meta'] : Object.keys(meta ?? {}).map(changedAttribute)),
    ...((removeMeta ?? []) as readonly string[]).map(changedAttribute),
  ];
}

/** Half of each limit of attributes: PostgreSQL counts bytes slightly differently. */
const SMALL_BYTES = attributeLimits.bytes / 2;
const SMALL_KEYS = attributeLimits.keys / 2;

/** The `metaCondition` of updates that need not be checked against the limits of attributes. */
export function isSmall(meta: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`octet_length((${meta})::text) <= ${SMALL_BYTES}
    AND (SELECT count(*) FROM jsonb_object_keys(${meta})) <= ${SMALL_KEYS}`;
}
