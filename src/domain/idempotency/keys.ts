import type { WriteDb } from '../../db/client.ts';
import { isOtherLockTimeout, isRowLockTimeout } from '../../db/errors.ts';
import { type IdempotentOperation, Prisma } from '../../db/generated/client.ts';
import { arrayParameter, clockMicroseconds, inWorkspace, uuidv7Sql } from '../../db/sql.ts';
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
        created_at = excluded.created_at, results = NULL
      WHERE held.created_at <= ${before(request, KEY_TTL_MS)}::timestamptz
      RETURNING made_id
    ), expired AS (${deleteExpiredSql(workspaceId, arrayParameter([key], 'text'), request, 1)}
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

/** What became of one of several keys: the id for the new row, or that of the row that was created with the key. */
export type KeyClaim = { claimedId: string } | { existingId: string } | { error: IdempotencyConflictError };

/**
 * Claims several keys for the rest of a transaction, with two statements: the first waits for in-flight requests with any
 * of the keys, the second sees what they have written. The keys are locked in the same order by all requests, so that
 * they cannot deadlock.
 * @param requests with distinct keys. @returns a claim for each request, in order.
 * @throws {IdempotencyKeyBusyError} if it timed out waiting.
 */
export async function claimKeys(
  tx: WriteDb,
  workspaceId: string,
  requests: readonly IdempotentRequest[],
): Promise<KeyClaim[]> {
  const [first] = requests;
  if (!first) return [];
  const keys = requests.map(({ key }) => key);
  const keyArray = arrayParameter(keys, 'text');
  await orBusyError(
    tx.query`/* lockKeys */
      SELECT pg_advisory_xact_lock(hash) FROM (
        SELECT DISTINCT hashtextextended(${`${workspaceId} `} || key, 0) AS hash
        FROM (SELECT unnest(${keyArray}) AS key ${inWorkspace(workspaceId)}) AS keys ORDER BY hash
      ) AS locks`,
  );
  const sent = requests.map(({ operation, digests }) => ({
    operation,
    digests: digests.map((digest) => digest.toString('hex')),
  }));
  const rows = await tx.query<
    { place: number; claimedId: string | null; existingId: string | null; isSame: boolean }[]
  >`/* claimKeys */
    WITH clock AS MATERIALIZED (SELECT ${clockMicroseconds} AS microseconds), request AS MATERIALIZED (
      SELECT key.place, key.key, (sent.request->>'operation')::idempotent_operation AS operation,
        ARRAY(SELECT decode(digest, 'hex') FROM jsonb_array_elements_text(sent.request->'digests') AS digest) AS digests
      FROM unnest(${keyArray}) WITH ORDINALITY AS key(key, place)
      JOIN jsonb_array_elements(${JSON.stringify(sent)}::jsonb) WITH ORDINALITY AS sent(request, place) USING (place)
    ), claimed AS (
      INSERT INTO idempotency_keys AS held (workspace_id, key, operation, digest, made_id, created_at)
      SELECT ${workspaceId}::uuid, request.key, request.operation, request.digests[1],
        ${uuidv7Sql(Prisma.sql`clock.microseconds`, Prisma.sql`request.place`)}, ${first.now}::timestamptz
      FROM request CROSS JOIN clock ORDER BY request.key
      ON CONFLICT (workspace_id, key) DO UPDATE
      SET operation = excluded.operation, digest = excluded.digest, made_id = excluded.made_id,
        created_at = excluded.created_at, results = NULL
      WHERE held.created_at <= ${before(first, KEY_TTL_MS)}::timestamptz
      RETURNING key, made_id
    ), expired AS (${deleteExpiredSql(workspaceId, keyArray, first, requests.length)})
    SELECT request.place::int - 1 AS place, claimed.made_id AS "claimedId", held.made_id AS "existingId",
      held.operation = request.operation AND held.digest = ANY(request.digests) AS "isSame"
    FROM request LEFT JOIN claimed USING (key)
    LEFT JOIN idempotency_keys AS held ON held.workspace_id = ${workspaceId}::uuid AND held.key = request.key`;
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  return requests.map(({ key }, place) => {
    const { claimedId, existingId, isSame } = byPlace.get(place) ?? {};
    if (claimedId != null) return { claimedId };
    return existingId != null && isSame ? { existingId } : { error: new IdempotencyConflictError(key) };
  });
}

/** Gives up keys that the transaction has claimed, because nothing was written with them. */
export async function releaseKeys(tx: WriteDb, workspaceId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.execute`/* releaseKeys */
    DELETE FROM idempotency_keys WHERE workspace_id = ${workspaceId}::uuid AND key = ANY(${arrayParameter(keys, 'text')})`;
}

/** Stores the results of a request with several inputs, whose key the transaction has claimed. */
export async function storeResults(
  tx: WriteDb,
  workspaceId: string,
  key: string,
  results: readonly unknown[],
): Promise<void> {
  await tx.execute`/* storeResults */
    UPDATE idempotency_keys SET results = ${JSON.stringify(results)}::jsonb
    WHERE workspace_id = ${workspaceId}::uuid AND key = ${key}`;
}

/** Reads the results of an earlier request with the key; its operation determines their type. */
export async function readResults<Result>(tx: WriteDb, workspaceId: string, key: string): Promise<readonly Result[]> {
  const [row] = await tx.query<{ results: Result[] | null }[]>`/* readResults */
    SELECT results FROM idempotency_keys WHERE workspace_id = ${workspaceId}::uuid AND key = ${key}`;
  return row?.results ?? [];
}

/** Separates a request's key from a position. Keys of callers are printable, so that they cannot equal a derived one. */
const DERIVED = '\u0001';

/** Derives the key of one input of a bulk request from the key of the request. */
export const derivedKey = (requestKey: string, place: number): string => `${requestKey}${DERIVED}${place}`;

/**
 * CTEs that delete the keys with which rows were created, because their texts may contain personal data: `erased_keys`, and
 * `erased_request_keys`, the keys of bulk requests from which they are derived.
 * @param madeIds SQL of a `uuid[]`.
 */
export const eraseKeysSql = (workspaceId: string, madeIds: Prisma.Sql): Prisma.Sql => Prisma.sql`
    erased_keys AS (
      DELETE FROM idempotency_keys
      WHERE idempotency_keys.workspace_id = ${workspaceId}::uuid AND idempotency_keys.made_id = ANY(${madeIds})
      RETURNING idempotency_keys.key
    ), erased_request_keys AS (
      DELETE FROM idempotency_keys
      WHERE idempotency_keys.workspace_id = ${workspaceId}::uuid AND idempotency_keys.key = ANY(ARRAY(
        SELECT DISTINCT split_part(erased_keys.key, ${DERIVED}, 1) FROM erased_keys
        WHERE position(${DERIVED} IN erased_keys.key) > 0
      ))
      RETURNING idempotency_keys.key
    )`;

/** The statement that deletes some expired rows, but none of the given keys. */
const deleteExpiredSql = (
  workspaceId: string,
  keys: Prisma.Sql,
  request: IdempotentRequest,
  claims: number,
) => Prisma.sql`
      DELETE FROM idempotency_keys WHERE workspace_id = ${workspaceId}::uuid AND key = ANY (ARRAY(
        SELECT key FROM idempotency_keys
        WHERE workspace_id = ${workspaceId}::uuid AND key <> ALL(${keys})
          AND created_at <= ${before(request, KEY_TTL_MS + DELETION_DELAY_MS)}::timestamptz
        ORDER BY created_at LIMIT ${claims * EXPIRED_ROWS_PER_CLAIM} FOR UPDATE SKIP LOCKED
      ))`;

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
