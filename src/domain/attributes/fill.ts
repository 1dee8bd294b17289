import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';
import { type Candidate, MAX_CANDIDATES, takeFirst } from '../shared/take-first.ts';
import type { AttributeType } from './declared.ts';

/** Users read, or values deleted, by one transaction: 20 to 100 ms of work, for which updates of these users wait. */
export const STEP_SIZE = 2_000;

/**
 * Time in ms between the withdrawal of a declaration and the deletion of its values: that of the longest request. A request that
 * has read the declaration before can still use the values.
 */
const GRACE_MS = 60_000;

/** A step of the work on a declaration. */
export interface DeclarationStep {
  workspaceId: string;
  key: string;
  /** `store`: the values of existing users are stored. `delete`: the declaration was withdrawn, and its values are deleted. */
  task: 'store' | 'delete';
  /** Users whose values have been stored so far. */
  usersRead: number;
  isComplete: boolean;
}

/** A declaration with work to do. */
interface Pending extends Omit<DeclarationStep, 'task' | 'isComplete'> {
  number: number;
  type: AttributeType;
  position: string | null;
  hasBarrier: boolean;
  isUndeclared: boolean;
}

type DeclarationKey = Pick<Pending, 'workspaceId' | 'number'>;

interface StepOptions {
  stepSize?: number;
  /** Number of declarations to skip, oldest first, because their steps failed. */
  skip?: number;
  graceMs?: number;
}

/**
 * Advances the work on a declaration by one step, in one transaction. The row lock is the lease: concurrent processes take other
 * declarations, and PostgreSQL releases the lock of a killed process.
 *
 * Writers see a declaration, or its withdrawal, if their trigger runs after its commit. A trigger that ran before belongs to a
 * transaction whose id was assigned before. So the first step notes a new transaction id, and the others wait until all
 * transactions with lower ids have ended. From then on, the trigger runs for each write, and rows are read under a lock that
 * serializes with it: the stored value is always that of the last write.
 * @returns undefined if no declaration has work to do, or others are doing it.
 */
export async function advanceDeclaration(
  db: Database,
  { stepSize = STEP_SIZE, skip = 0, graceMs = GRACE_MS }: StepOptions = {},
): Promise<DeclarationStep | undefined> {
  const candidates = await db.queryAllWorkspaces<(DeclarationKey & Candidate)[]>`/* findDeclarations */
    SELECT workspace_id AS "workspaceId", number, ARRAY[extract(epoch FROM declared_at)]::float8[] AS place
    FROM attribute_declarations
    WHERE ${isPending(graceMs)}
    ORDER BY declared_at, workspace_id, number LIMIT ${skip + MAX_CANDIDATES}`;
  return takeFirst(candidates, skip, (declaration) => advanceOne(db, declaration, stepSize, graceMs));
}

function advanceOne(
  db: Database,
  declaration: DeclarationKey,
  stepSize: number,
  graceMs: number,
): Promise<DeclarationStep | undefined> {
  return inTransaction(db, async (tx) => {
    const pending = await takeDeclaration(tx, declaration, graceMs);
    if (!pending) return undefined;
    const { workspaceId, key, usersRead, isUndeclared } = pending;
    const step: DeclarationStep = {
      workspaceId,
      key,
      task: isUndeclared ? 'delete' : 'store',
      usersRead,
      isComplete: false,
    };
    if (!pending.hasBarrier) {
      await update(
        tx,
        pending,
        Prisma.sql`barrier = pg_current_xact_id()::text::bigint, barrier_at = clock_timestamp()`,
      );
      return step;
    }
    if (isUndeclared) return { ...step, isComplete: await deleteSome(tx, pending, stepSize) };
    return { ...step, ...(await storeSome(tx, pending, stepSize)) };
  });
}

/** Whether a declaration has a transaction id to wait for. After a restore into a new cluster, it can be one of the distant future. */
const hasBarrier = Prisma.sql`(barrier IS NOT NULL AND barrier < pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`;

/** Whether a declaration has a step to do. */
const isPending = (graceMs: number) => Prisma.sql`ready_at IS NULL AND (NOT ${hasBarrier} OR (
  barrier <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  AND (undeclared_at IS NULL OR barrier_at <= clock_timestamp() - ${graceMs}::int * interval '1 millisecond')
))`;

async function takeDeclaration(
  tx: WriteDb,
  { workspaceId, number }: DeclarationKey,
  graceMs: number,
): Promise<Pending | undefined> {
  const [pending] = await tx.query<Pending[]>`/* takeDeclaration */
    SELECT workspace_id AS "workspaceId", number, key, type, position, users_read AS "usersRead",
      ${hasBarrier} AS "hasBarrier", undeclared_at IS NOT NULL AS "isUndeclared"
    FROM attribute_declarations
    WHERE workspace_id = ${workspaceId}::uuid AND number = ${number}::smallint AND ${isPending(graceMs)}
    FOR UPDATE SKIP LOCKED`;
  return pending;
}

const update = (tx: WriteDb, { workspaceId, number }: Pending, assignments: Prisma.Sql) =>
  tx.execute`/* recordDeclarationStep */
    UPDATE attribute_declarations SET ${assignments}
    WHERE workspace_id = ${workspaceId}::uuid AND number = ${number}::smallint`;

/** Stores the values of the next users. */
async function storeSome(tx: WriteDb, pending: Pending, stepSize: number) {
  const { workspaceId, number, key, type, position } = pending;
  const [step] = await tx.query<[{ read: number; last: string | null }]>`/* storeAttributeValues */
    WITH next AS (
      SELECT users.id, users.meta->${key}::text AS value FROM users
      WHERE users.workspace_id = ${workspaceId}::uuid AND users.id > ${position ?? BEFORE_ALL_IDS}::uuid
      ORDER BY users.id LIMIT ${stepSize} FOR SHARE
    ), typed AS (
      SELECT next.id, attribute_text(${type}::attribute_type, next.value) AS text,
        attribute_number(${type}::attribute_type, next.value) AS number
      FROM next
    ), stored AS (
      INSERT INTO attribute_values (workspace_id, user_id, attribute, text_value, number_value)
      SELECT ${workspaceId}::uuid, typed.id, ${number}::smallint, typed.text, typed.number
      FROM typed WHERE typed.text IS NOT NULL OR typed.number IS NOT NULL
      ON CONFLICT (workspace_id, user_id, attribute)
      DO UPDATE SET text_value = excluded.text_value, number_value = excluded.number_value
    )
    SELECT count(*)::int AS read, max(next.id::text) AS last FROM next`;
  const isComplete = step.read < stepSize;
  const usersRead = pending.usersRead + step.read;
  await update(
    tx,
    pending,
    Prisma.sql`users_read = ${usersRead}::int, position = ${step.last ?? position}::uuid,
      ready_at = ${isComplete ? Prisma.sql`clock_timestamp()` : Prisma.sql`NULL`}`,
  );
  return { usersRead, isComplete };
}

/** Deletes some values, and with the last of them the declaration. Returns whether none is left. */
async function deleteSome(tx: WriteDb, { workspaceId, number, type }: Pending, stepSize: number): Promise<boolean> {
  const column = type === 'NUMBER' ? Prisma.sql`number_value` : Prisma.sql`text_value`;
  const values = Prisma.sql`FROM attribute_values
    WHERE workspace_id = ${workspaceId}::uuid AND attribute = ${number}::smallint AND ${column} IS NOT NULL`;
  await tx.execute`/* deleteAttributeValues */
    DELETE FROM attribute_values
    WHERE workspace_id = ${workspaceId}::uuid AND attribute = ${number}::smallint
      AND user_id IN (SELECT user_id ${values} LIMIT ${stepSize})`;
  // The number of deleted rows does not say whether any are left: some of those that were selected can have been deleted with their users meanwhile.
  const left = await tx.query<unknown[]>`/* findAttributeValue */ SELECT ${values} LIMIT 1`;
  if (left.length > 0) return false;
  await tx.execute`/* deleteDeclaration */
    DELETE FROM attribute_declarations WHERE workspace_id = ${workspaceId}::uuid AND number = ${number}::smallint`;
  return true;
}

/** Updates the planner's statistics, without which it may read all users after the values of an attribute have been stored. */
export async function analyzeValues(db: WriteDb): Promise<void> {
  await db.execute`/* analyzeAttributeValues */ ANALYZE attribute_values`;
}
