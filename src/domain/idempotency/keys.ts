import { createHash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';
import type { Db } from '../../db/client.ts';
import { waitedForNoTable, waitedTooLong } from '../../db/errors.ts';
import { type IdempotentOperation, Prisma } from '../../db/generated/client.ts';
import { clockMicroseconds, uuidv7Sql } from '../../db/sql.ts';
import { IdempotencyConflictError, IdempotencyKeyBusyError } from '../shared/errors.ts';
import { printable } from '../shared/text.ts';

/** A name that a caller gives to a write, so that sending it again does not do it again. */
export const idempotencyKey = printable(1, 255);

/** A write that is to be done under a key. */
export interface IdempotentRequest {
  key: string;
  operation: IdempotentOperation;
  /** SHA-256 of the input. */
  digest: Buffer;
  now: Date;
}

/** Says what is to be done under a key. @param input all of it but the key; null, {} and [] count as left out. */
export function idempotentRequest(key: string, operation: IdempotentOperation, input: object): IdempotentRequest {
  return { key, operation, digest: digestOf(input), now: new Date() };
}

/** The same for inputs that ask for the same, whatever the order of their keys. */
function digestOf(input: object): Buffer {
  const given = Object.entries(input).filter(
    ([, value]) => value != null && !['{}', '[]'].includes(JSON.stringify(value)),
  );
  return createHash('sha256')
    .update(stringify(Object.fromEntries(given)) ?? '')
    .digest();
}

/** How long a key is kept, in ms. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** How much longer in ms its row is left alone: a statement that found it in force may be about to read it. */
const GRACE_MS = 60_000;

/** Rows past their time that go with each key that is taken; more than come, so that they do not pile up. */
const SWEPT = 10;

const before = ({ now }: IdempotentRequest, ms: number) => new Date(now.getTime() - ms);

/**
 * CTEs that take a key together with what is done under it. `taken` has a row where the key was free, or its time was over:
 * `made_id`, the id for what is made. It waits for somebody who is just taking the same key, and takes it where they fail.
 * `swept` removes some whose time is over.
 *
 * The id is to be of an instant after the wait. A row is complete before `ON CONFLICT` waits, so the wait is for an advisory
 * lock, before the id is made. That a key is taken once rests on the row alone.
 * @param owner a CTE without whose row the key is not to be taken; its locks are waited for before the id is made as well.
 */
export function claimKeySql(workspaceId: string, use: IdempotentRequest, owner?: Prisma.Sql): Prisma.Sql {
  const { key, operation, digest, now } = use;
  return Prisma.sql`
    key_lock AS MATERIALIZED (
      SELECT pg_advisory_xact_lock(hashtextextended(${`${workspaceId} ${key}`}, 0))
    ), key_clock AS (
      SELECT ${clockMicroseconds} AS microseconds
      FROM key_lock ${owner ? Prisma.sql`CROSS JOIN ${owner}` : Prisma.empty} HAVING count(*) > 0
    ), taken AS (
      INSERT INTO idempotency_keys AS held (workspace_id, key, operation, digest, made_id, created_at)
      SELECT ${workspaceId}::uuid, ${key}, ${operation}::idempotent_operation, ${digest}::bytea,
        ${uuidv7Sql(Prisma.sql`key_clock.microseconds`)}, ${now}::timestamptz
      FROM key_clock
      ON CONFLICT (workspace_id, key) DO UPDATE
      SET operation = excluded.operation, digest = excluded.digest, made_id = excluded.made_id,
        created_at = excluded.created_at
      WHERE held.created_at <= ${before(use, KEPT_MS)}::timestamptz
      RETURNING made_id
    ), swept AS (
      DELETE FROM idempotency_keys WHERE workspace_id = ${workspaceId}::uuid AND key = ANY (ARRAY(
        SELECT key FROM idempotency_keys
        WHERE workspace_id = ${workspaceId}::uuid AND key <> ${key}
          AND created_at <= ${before(use, KEPT_MS + GRACE_MS)}::timestamptz
        ORDER BY created_at LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED
      ))
    )`;
}

/**
 * Takes a key within a transaction, for what the rest of it does.
 * @returns the id for what is made under it; nothing where the key was not free.
 */
export async function claimKey(tx: Db, workspaceId: string, use: IdempotentRequest): Promise<string | undefined> {
  const taking = claimKeySql(workspaceId, use);
  const [taken] = await orBusyError(tx.query<{ id: string }[]>`WITH ${taking} SELECT made_id AS id FROM taken`);
  return taken?.id;
}

/**
 * The id of what was made under a key, which may be gone; nothing where the key is free.
 * @throws {IdempotencyConflictError} when it stands for another operation, or for another input.
 */
export async function findResult(db: Db, workspaceId: string, use: IdempotentRequest): Promise<string | undefined> {
  const [held] = await db.query<{ madeId: string; same: boolean }[]>`
    SELECT made_id AS "madeId", operation = ${use.operation}::idempotent_operation AND digest = ${use.digest}::bytea AS same
    FROM idempotency_keys
    WHERE workspace_id = ${workspaceId}::uuid AND key = ${use.key}
      AND created_at > ${before(use, KEPT_MS)}::timestamptz`;
  if (held && !held.same) throw new IdempotencyConflictError(use.key);
  return held?.madeId;
}

/** @throws {IdempotencyKeyBusyError} where a statement waited too long for somebody who is taking the same key. */
export async function orBusyError<Result>(statement: Promise<Result>): Promise<Result> {
  try {
    return await statement;
  } catch (error) {
    throw waitedTooLong(error, 'idempotency_keys') || waitedForNoTable(error) ? new IdempotencyKeyBusyError() : error;
  }
}
