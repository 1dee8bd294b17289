import { z } from 'zod';
import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { recordEach } from '../changes/record.ts';
import { newList } from '../lists/inputs.ts';
import type { Actor } from '../shared/actor.ts';
import { newId } from '../shared/ids.ts';
import { instant } from '../shared/instant.ts';

/** A list of a file. Its id is kept, so that memberships of other files refer to it. */
export const importedList = newList.extend({
  id: z
    .uuid()
    .transform((id) => id.toLowerCase())
    .nullish(),
  createdAt: instant.nullish(),
  archivedAt: instant.nullish(),
});

/** A validated list of a file. */
export type ImportedList = z.output<typeof importedList>;

/**
 * Creates lists, and updates those whose ids the workspace has, with one statement. An omitted field of an existing list is
 * unchanged.
 * @returns whether each list was created, in order.
 */
export async function writeLists(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  inputs: readonly ImportedList[],
): Promise<boolean[]> {
  const at = new Date();
  const rows = inputs.map(({ id, ...input }, place) => ({ id: id ?? newId(), place, ...input }));
  const actor = { workspaceId, actorName: Prisma.sql`${actorName}`, at };
  const written = await tx.query<{ id: string; isCreated: boolean }[]>`/* writeLists */
    WITH input AS (
      -- Of lists with the same id, the last one is written.
      SELECT DISTINCT ON (id) * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS sent(
        place int, id uuid, title text, description text, "createdAt" timestamptz, "archivedAt" timestamptz
      ) ORDER BY id, place DESC
    ), written AS (
      INSERT INTO lists (workspace_id, id, title, description, created_at, archived_at)
      SELECT ${workspaceId}::uuid, id, title, description, coalesce("createdAt", ${at}::timestamptz), "archivedAt"
      FROM input ORDER BY id
      ON CONFLICT (workspace_id, id) DO UPDATE SET
        title = excluded.title, description = coalesce(excluded.description, lists.description),
        archived_at = coalesce(excluded.archived_at, lists.archived_at)
      RETURNING id, xmax = 0 AS "isCreated"
    ), created AS (${recordEach(actor, 'createList', {
      from: Prisma.sql`written WHERE "isCreated"`,
      listId: Prisma.sql`id`,
    })}), updated AS (${recordEach(actor, 'updateList', {
      from: Prisma.sql`written WHERE NOT "isCreated"`,
      listId: Prisma.sql`id`,
    })})
    SELECT * FROM written`;
  const created = new Set(written.flatMap(({ id, isCreated }) => (isCreated ? [id] : [])));
  // Only the first of those with the same id has created the list.
  return rows.map(({ id }) => created.delete(id));
}
