import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { record } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { AttributeDeclaredError, NotFoundError, TooManyAttributesError } from '../shared/errors.ts';
import { MAX_DECLARED_ATTRIBUTES } from '../shared/limits.ts';
import { type DeclaredAttribute, declarationColumns, type NewDeclaration } from './declared.ts';

/** Declarations of a workspace together with those whose values are still being deleted. */
const MAX_DECLARATIONS = 2 * MAX_DECLARED_ATTRIBUTES;

/**
 * Declares an attribute. A job stores the values of existing users (`fill.ts`); a trigger stores those of users that are written
 * from now on. Declaring it again with the same type changes nothing.
 * @throws {AttributeDeclaredError} if it is declared with another type.
 * @throws {TooManyAttributesError} if the workspace has as many as it can have.
 */
export function declareAttribute(db: Database, actor: Actor, input: NewDeclaration): Promise<DeclaredAttribute> {
  return inTransaction(db, async (tx) => {
    // Concurrent declarations wait for each other; other writes to the workspace do not.
    await tx.query`/* lockDeclarations */
      SELECT FROM workspaces WHERE workspace_id = ${actor.workspaceId}::uuid FOR NO KEY UPDATE`;
    const all = await readAll(tx, actor.workspaceId);
    const declared = all.filter(({ isUndeclared }) => !isUndeclared);
    const existing = declared.find(({ key }) => key === input.key);
    if (existing?.type === input.type) return existing;
    if (existing) throw new AttributeDeclaredError(existing.key, existing.type);
    if (declared.length >= MAX_DECLARED_ATTRIBUTES || all.length >= MAX_DECLARATIONS) {
      throw new TooManyAttributesError(MAX_DECLARED_ATTRIBUTES, declared.length, all.length - declared.length);
    }
    return insert(tx, actor, input, leastUnused(all.map(({ number }) => number)));
  });
}

/** All declarations of a workspace. */
const readAll = (db: WriteDb, workspaceId: string) => db.query<
  (DeclaredAttribute & { isUndeclared: boolean })[]
>`/* readAllDeclarations */
  SELECT ${declarationColumns.list}, undeclared_at IS NOT NULL AS "isUndeclared" FROM attribute_declarations
  WHERE workspace_id = ${workspaceId}::uuid`;

function leastUnused(used: readonly number[]): number {
  let number = 1;
  while (used.includes(number)) number += 1;
  return number;
}

async function insert(
  db: WriteDb,
  actor: Actor,
  { key, type }: NewDeclaration,
  number: number,
): Promise<DeclaredAttribute> {
  const [declared] = await db.query<DeclaredAttribute[]>`/* declareAttribute */
    WITH declared AS (
      INSERT INTO attribute_declarations (workspace_id, number, key, type, declared_at)
      VALUES (${actor.workspaceId}::uuid, ${number}::smallint, ${key}, ${type}::attribute_type, ${new Date()})
      RETURNING ${declarationColumns.list}
    ), audited AS (${record(actor, 'declareAttribute', { from: Prisma.sql`declared` })})
    SELECT * FROM declared`;
  if (!declared) throw new Error('An insert returned no row.');
  return declared;
}

/**
 * Withdraws the declaration of an attribute. Filters and orders no longer use its values, which a job deletes.
 * @throws {NotFoundError} if the attribute is not declared.
 */
export async function undeclareAttribute(db: WriteDb, actor: Actor, key: string): Promise<DeclaredAttribute> {
  const [undeclared] = await db.query<DeclaredAttribute[]>`/* undeclareAttribute */
    WITH undeclared AS (
      UPDATE attribute_declarations
      SET undeclared_at = ${new Date()}, ready_at = NULL, barrier = NULL, barrier_at = NULL, position = NULL
      WHERE workspace_id = ${actor.workspaceId}::uuid AND key = ${key} AND undeclared_at IS NULL
      RETURNING ${declarationColumns.list}
    ), audited AS (${record(actor, 'undeclareAttribute', { from: Prisma.sql`undeclared` })})
    SELECT * FROM undeclared`;
  if (!undeclared) throw new NotFoundError('DeclaredAttribute');
  return undeclared;
}
