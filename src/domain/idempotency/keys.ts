import type { WriteDb } from '../../db/client.ts';
import { isOtherLockTimeout, isRowLockTimeout } from '../../db/errors.ts';
import { type IdempotentOperation, Prisma } from '../../db/generated/client.ts';
import { clockMicroseconds, uuidv7Sql } from '../../db/sql.ts';
import { IdempotencyConflictError, IdempotencyKeyBusyError } from '../shared/errors.ts';
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../shared/limits.ts';
import { printable } from '../shared/text.ts';
import { type CanonicalInput, inputDigests } from './digest.ts';

/** A client-chosen identifier of a write, so that a retry does not repeat it. */
export const idempotencyKey = printable(1, MAX_IDEMPOTENCY_KEY_LENGTH);

/** A write with an idempotency key. */
export interface IdempotentRequest {
  key: string;
  operation: IdempotentOperation;
  /** Digests of the input: the first is stored, each is accepted. */
  digests: ReturnType<typeof inputDigests>;
  now: Date;
}

/** Describes a write with an idempotency key. @param input without the key; null, {} and [] count as omitted. */
export function idempotentRequest(
  key: string,
  operation: IdempotentOperation,
  input: CanonicalInput,
): IdempotentRequest {
  return { key, operation, digests: inputDigests(input), now: new Date() };
}

/** How long a key is valid, in ms. */
const KEY_TTL_MS = 24 * 60 * 60 * 1000;

/** How much longer the row of an expired key is kept, in ms: a statement that found the key valid may still read the row. */
const DELETION_DELAY_MS = 60_000;

/** Expired rows that each new key deletes: more than one, so that they do not accumulate. */
const EXPIRED_ROWS_PER_CLAIM = 10;

const before = ({ now }: IdempotentRequest, ms: number) => new Date(now.getTime() - ms);

/**
 * CTEs that claim a key in the statement that writes. `claimed` has a row if the key was free or expired: `made_id`, the id
 * for the new row. The statement waits for an in-flight request with the same key, and claims the key if that request fails.
 * `expired` deletes some expired rows.
 *
 * The id has to be generated after the wait. `ON CONFLICT` waits when the row to insert is already complete, so the statement
 * waits for an advisory lock before it generates the id. That a key is used once depends on the row alone.
 * @param owner a CTE without whose row the key is not claimed; the id is also generated after the wait for its locks.
 */
export function claimKeySql(workspaceId: string, request: IdempotentRequest, owner?: Prisma.Sql): Prisma.Sql {
  const { key, operation, digests, now } = request;
  return Prisma.sql`
    key_lock AS MATERIALIZED (
      SELECT pg_advisory_xact_lock(hashtextextended(${`${workspaceId} ${key}`}, 0))
    ), key_clock AS (
      SELECT ${clockMicroseconds} AS microseconds
      FROM key_lock ${owner ? Prisma.sql`CROSS JOIN ${owner}` : Prisma.empty} HAVING count(*) > 0
    ), claimed AS (
      INSERT INTO idempotency_keys AS held (workspace_id, key, operation, digest, made_id, created_at)
      SELECT ${workspaceId}::uuid, ${key}, ${operation}::idempotent_operation, ${digests[0]}::bytea,
        ${uuidv7Sql(Prisma.sql`key_clock.microseconds`)}, ${now}::timestamptz
      FROM key_clock
      ON CONFLICT (workspace_id, key) DO UPDATE
      SET operation = excluded.operation, digest = excluded.digest, made_id = excluded.made_id,
        created_at = excluded.created_at
      WHERE held.created_at <= ${before(request, KEY_TTL_MS)}::timestamptz
      RETURNING made_id
    ), expired AS (
      DELETE FROM idempotency_keys WHERE workspace_id = ${workspaceId}::uuid AND key = ANY (ARRAY(
        SELECT key FROM idempotency_keys
        WHERE workspace_id = ${workspaceId}::uuid AND key <> ${key}
          AND created_at <= ${before(request, KEY_TTL_MS + DELETION_DELAY_MS)}::timestamptz
        ORDER BY created_at LIMIT ${EXPIRED_ROWS_PER_CLAIM} FOR UPDATE SKIP LOCKED
      ))
    )`;
}

/**
 * Claims a key for the rest of a transaction.
 * @returns the id for the new row; undefined if the key is in use.
 */
export async function claimKey(
  tx: WriteDb,
  workspaceId: string,
  request: IdempotentRequest,
): Promise<string | undefined> {
  const claim = claimKeySql(workspaceId, request);
  const claiming = tx.query<{ id: string }[]>`/* claimKey */
    WITH ${claim} SELECT made_id AS id FROM claimed`;
  const [claimed] = await orBusyError(claiming);
  return claimed?.id;
}

/**
 * Reads the id of the row that was created with a key; the row may have been deleted since.
 * @returns undefined if the key is free.
 * @throws {IdempotencyConflictError} if the key was used with another operation or another input.
 */
export async function findResult(
  db: WriteDb,
  workspaceId: string,
  request: IdempotentRequest,
): Promise<string | undefined> {
  const { key, operation, digests } = request;
  const [row] = await db.query<{ madeId: string; isSame: boolean }[]>`/* findResult */
    SELECT made_id AS "madeId", operation = ${operation}::idempotent_operation
      AND digest = ANY(${digests}::bytea[]) AS "isSame"
    FROM idempotency_keys
    WHERE workspace_id = ${workspaceId}::uuid AND key = ${key}
      AND created_at > ${before(request, KEY_TTL_MS)}::timestamptz`;
  if (row && !row.isSame) throw new IdempotencyConflictError(key);
  return row?.madeId;
}

/** @throws {IdempotencyKeyBusyError} if a statement timed out waiting for an in-flight request with the same key. */
export async function orBusyError<Result>(statement: Promise<Result>): Promise<Result> {
  try {
    return await statement;
  } catch (error) {
    throw isRowLockTimeout(error, 'idempotency_keys') || isOtherLockTimeout(error)
      ? new IdempotencyKeyBusyError()
      : error;
  }
}
