import { declareAttribute } from '../../../src/domain/attributes/declare.ts';
import { type AttributeType, readDeclarations } from '../../../src/domain/attributes/declared.ts';
import { advanceDeclaration } from '../../../src/domain/attributes/fill.ts';
import { actorOf } from '../actor.ts';
import type { Place } from '../seed-rows.ts';

/** Some of the keys of `people.ts`, with the type of a part of their values. */
export const declaredTypes: Readonly<Record<string, AttributeType>> = {
  plan: 'STRING',
  age: 'NUMBER',
  PLAN: 'DATE_TIME',
  naïve: 'NUMBER',
  ['__proto__']: 'STRING',
  'a"b': 'DATE_TIME',
};

/** Declares attributes. They are ready after `storeValues`. */
export async function declareAll(place: Place, types: Readonly<Record<string, AttributeType>>): Promise<void> {
  for (const [key, type] of Object.entries(types)) await declareAttribute(place.db, actorOf(place), { key, type });
}

/** Does the work on declarations, in steps, until those of the workspace are ready. */
export async function storeValues({ db, workspaceId }: Place, stepSize?: number): Promise<void> {
  const isReady = async () => (await readDeclarations(db, workspaceId)).every(({ readyAt }) => readyAt !== null);
  while (!(await isReady())) await advanceDeclaration(db, stepSize ? { stepSize } : {});
}

/** The values of declared attributes that are stored, and those that `meta` requires: of each user that has any. */
export async function storedValues({ db, workspaceId }: Place): Promise<{ stored: unknown[]; required: unknown[] }> {
  const stored = await db.$queryRaw<unknown[]>`
    SELECT v.user_id, d.key, v.text_value, v.number_value::text
    FROM attribute_values v JOIN attribute_declarations d ON d.workspace_id = v.workspace_id AND d.number = v.attribute
    WHERE v.workspace_id = ${workspaceId}::uuid ORDER BY 1, 2`;
  const required = await db.$queryRaw<unknown[]>`
    SELECT u.id AS user_id, d.key, attribute_text(d.type, u.meta->d.key) AS text_value,
      attribute_number(d.type, u.meta->d.key)::text AS number_value
    FROM users u JOIN attribute_declarations d ON d.workspace_id = u.workspace_id
    WHERE u.workspace_id = ${workspaceId}::uuid
      AND coalesce(attribute_text(d.type, u.meta->d.key), attribute_number(d.type, u.meta->d.key)::text) IS NOT NULL
    ORDER BY 1, 2`;
  return { stored, required };
}
