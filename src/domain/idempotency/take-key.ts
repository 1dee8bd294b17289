import type { Db } from '../../db/client.ts';
import { waitedTooLong } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import { IdempotencyConflictError, IdempotencyKeyBusyError } from '../errors.ts';
import type { KeyUse } from './key-use.ts';

/** How long a key is kept, in ms. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** How much longer in ms its row is left alone: a statement that found it in force may be about to read it. */
const GRACE_MS = 60_000;

/** Rows past their time that go with each key that is taken; more than come, so that they do not pile up. */
const SWEPT = 10;

const before = ({ now }: KeyUse, ms: number) => new Date(now.getTime() - ms);

/**
 * The CTE `taken`, which takes a key together with what is done under it: a row where the key was free, or its time was
 * over. It waits for somebody who is just taking the same key, and takes it where they fail. `swept` removes some whose
 * time is over.
 * @param from a CTE without whose row the key is not to be taken.
 */
export function takingKey(workspaceId: string, use: KeyUse, from = Prisma.empty): Prisma.Sql {
  const { key, operation, digest, madeId, now } = use;
  return Prisma.sql`
    taken AS (
      INSERT INTO idempotency_keys AS held (workspace_id, key, operation, digest, made_id, created_at)
      SELECT ${workspaceId}::uuid, ${key}, ${operation}::idempotent_operation, ${digest}::bytea, ${madeId}::uuid,
        ${now}::timestamptz ${from}
      ON CONFLICT (workspace_id, key) DO UPDATE
      SET operation = excluded.operation, digest = excluded.digest, made_id = excluded.made_id,
        created_at = excluded.created_at
      WHERE held.created_at <= ${before(use, KEPT_MS)}::timestamptz
      RETURNING made_id
    ), swept AS (
      DELETE FROM idempotency_keys WHERE workspace_id = ${workspaceId}::uuid AND key IN (
        SELECT key FROM idempotency_keys
        WHERE workspace_id = ${workspaceId}::uuid AND key <> ${key}
          AND created_at <= ${before(use, KEPT_MS + GRACE_MS)}::timestamptz
        ORDER BY created_at LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED
      )
    )`;
}

/** Takes a key within a transaction, for what the rest of it does. Returns whether it was free. */
export async function takeKey(tx: Db, workspaceId: string, use: KeyUse): Promise<boolean> {
  const taken = await unlessBusy(tx.query<unknown[]>`WITH ${takingKey(workspaceId, use)} SELECT made_id FROM taken`);
  return taken.length > 0;
}

/**
 * The id of what was made under a key, which may be gone; nothing where the key is free.
 * @throws {IdempotencyConflictError} when it stands for another operation, or for another input.
 */
export async function madeUnder(db: Db, workspaceId: string, use: KeyUse): Promise<string | undefined> {
  const [held] = await db.query<{ madeId: string; same: boolean }[]>`
    SELECT made_id AS "madeId", operation = ${use.operation}::idempotent_operation AND digest = ${use.digest}::bytea AS same
    FROM idempotency_keys
    WHERE workspace_id = ${workspaceId}::uuid AND key = ${use.key}
      AND created_at > ${before(use, KEPT_MS)}::timestamptz`;
  if (held && !held.same) throw new IdempotencyConflictError(use.key);
  return held?.madeId;
}

/** @throws {IdempotencyKeyBusyError} where a statement waited too long for somebody who is taking the same key. */
export async function unlessBusy<Result>(statement: Promise<Result>): Promise<Result> {
  try {
    return await statement;
  } catch (error) {
    throw waitedTooLong(error, 'idempotency_keys') ? new IdempotencyKeyBusyError() : error;
  }
}
