import { arrayParameter } from '../../db/sql.ts';
import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Attributed } from '../shared/actor.ts';
import type { Attributes } from '../shared/attributes.ts';
import { recordEach } from '../changes/record.ts';
import { newId } from '../shared/ids.ts';
import type { UserUpdate } from './inputs.ts';
import { type User, userColumns } from './user.ts';

/** An update, who sent it, and whether they may read users: if not, it counts as sent by a public caller. */
export interface AttributedUpdate extends Attributed<UserUpdate> {
  canRead: boolean;
}

/** How several updates are written. */
interface Writing {
  /** What to do with users whom somebody else has locked: with `skip`, their updates are left undone. */
  lock: 'wait' | 'skip';
  /**
   * A further condition, on attributes that a user would have: of callers who may read, all of them; of the others, those that
   * such callers have sent, so that neither the answer nor the path to it depends on what is hidden from them.
   */
  metaMay?: (meta: Prisma.Sql) => Prisma.Sql;
}

/** What an update has made of a user. */
interface WrittenUpdate {
  user: User;
  /** What callers who may not read users have sent of `meta`; left out where there was a condition. */
  publicMeta: Attributes | undefined;
}

/**
 * Writes updates with one statement; of several for the same user, the first. Devices are not in it.
 *
 * Where it waits, it locks a user once, as it updates them: who locks first and updates then waits twice, and others who come in
 * between make a circle. Where it skips, it never waits.
 * @returns the users, each at their update's place; nothing where an update was not done.
 */
export async function writeUpdates(
  db: WriteDb,
  workspaceId: string,
  updates: readonly AttributedUpdate[],
  { lock, metaMay }: Writing,
): Promise<(WrittenUpdate | undefined)[]> {
  const byUid = new Map(updates.toReversed().map((update) => [update.input.uid, update]));
  const at = new Date();
  const setsUid = updates.some(({ input }) => input.newUid != null);
  const changesPublicMeta = updates.some(mayChangePublicMeta);
  const assigned = [
    ...assignments,
    ...(setsUid ? [uidAssignments] : []),
    ...(changesPublicMeta ? [publicMetaAssignment] : []),
  ];
  const limitedMeta = changesPublicMeta
    ? Prisma.sql`CASE WHEN input."canRead" THEN ${mergedMeta} ELSE ${mergedPublicMeta} END`
    : mergedMeta;
  const rows = [...byUid.values()].map(({ input, ...sender }) => ({ ...toRow(input), ...sender, entryId: newId() }));
  const written = await db.query<(User & { was: string; publicMeta?: Attributes })[]>`
    WITH owner AS (
      SELECT id, uid FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${arrayParameter([...byUid.keys()], 'text')})
      ${lock === 'skip' ? Prisma.sql`FOR NO KEY UPDATE SKIP LOCKED` : Prisma.empty}
    ), input AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS input(uid text, patch jsonb, "actorName" text, "canRead" boolean, "entryId" uuid)
    ), written AS (
      UPDATE users SET ${Prisma.join(assigned)}, updated_at = ${at}
      FROM owner JOIN input USING (uid)
      WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = owner.id AND users.uid = owner.uid
        AND ${metaMay ? metaMay(limitedMeta) : Prisma.sql`true`}
      RETURNING ${userColumns.list}, owner.uid AS was
        ${metaMay ? Prisma.empty : Prisma.sql`, users.public_meta AS "publicMeta"`}
    ), audited AS (${recordEach(
      { workspaceId, id: Prisma.sql`input."entryId"`, actorName: Prisma.sql`input."actorName"`, at },
      'updateUser',
      { from: Prisma.sql`written JOIN input ON input.uid = written.was`, userId: Prisma.sql`written.id` },
    )})
    SELECT * FROM written`;
  const users = new Map(written.map(({ was, publicMeta, ...user }) => [was, { user, publicMeta }]));
  return updates.map((update) => (byUid.get(update.input.uid) === update ? users.get(update.input.uid) : undefined));
}

/** An update as the statement reads it; of what may not be cleared, null counts as left out. */
function toRow({ uid, newUid, device, createdAt, removeMeta, ...profile }: UserUpdate) {
  const patch = { ...profile, newUid: newUid ?? undefined, createdAt, removeMeta: removeMeta ?? undefined };
  return { uid, patch };
}

/** Whether an update has to be told apart from those that leave `public_meta` as it is: what is removed is removed there, too. */
function mayChangePublicMeta({ canRead, input: { meta, removeMeta } }: AttributedUpdate): boolean {
  return !canRead || meta === null || removeMeta != null;
}

/** Merges key by key in the statement itself, so that no concurrent patch is lost. */
const merged = (meta: Prisma.Sql, added: Prisma.Sql) => Prisma.sql`
  CASE WHEN patch->'meta' = 'null' THEN '{}' ELSE
    (${meta} || ${added})
      - ARRAY(SELECT jsonb_array_elements_text(coalesce(patch->'removeMeta', '[]')))
  END`;

const sentMeta = Prisma.sql`coalesce(patch->'meta', '{}')`;
const mergedMeta = merged(Prisma.sql`users.meta`, sentMeta);
const mergedPublicMeta = merged(
  Prisma.sql`users.public_meta`,
  Prisma.sql`CASE WHEN input."canRead" THEN '{}' ELSE ${sentMeta} END`,
);

/** Apart from the others: most updates of callers who may read do not need it. */
const publicMetaAssignment = Prisma.sql`
  public_meta = CASE WHEN patch ?| '{meta,removeMeta}' THEN ${mergedPublicMeta} ELSE users.public_meta END`;

/** Apart from the others: an update that names the key is one that inserted events wait for. */
const uidAssignments = Prisma.sql`
  uid = coalesce(patch->>'newUid', users.uid), uid_updateable = users.uid_updateable AND NOT patch ? 'newUid'`;

/** A column keeps its value where the patch does not name it; null clears. */
const assignments = [
  Prisma.sql`
  first_name = CASE WHEN patch ? 'firstName' THEN patch->>'firstName' ELSE users.first_name END,
  last_name = CASE WHEN patch ? 'lastName' THEN patch->>'lastName' ELSE users.last_name END,
  number = CASE WHEN patch ? 'number' THEN patch->>'number' ELSE users.number END,
  email = CASE WHEN patch ? 'email' THEN patch->>'email' ELSE users.email END,
  created_at = coalesce((patch->>'createdAt')::timestamptz, users.created_at),
  meta = CASE WHEN patch ?| '{meta,removeMeta}' THEN ${mergedMeta} ELSE users.meta END`,
];
