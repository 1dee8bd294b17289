import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { eraseKeysSql } from '../idempotency/keys.ts';
import { ERASED, nameOfToken, TOKEN_PREFIX } from '../shared/actor.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';
import { eraseStoredFiles, expireUnfinishedJobs } from '../transfer/jobs.ts';

/** A deleted user. Its row, and the rows that refer to it, are deleted. */
export interface Deletion {
  readonly workspaceId: string;
  readonly userId: string;
  /** What the subject of the user's tokens may be. */
  readonly subjects: readonly string[] | null;
}

/** Numbers of rows from which personal data was erased. */
export interface ErasedRows {
  erasedEvents: number;
  erasedChanges: number;
  erasedKeys: number;
}

/** How far an erasure has come. Stages update it; it is stored in the transaction of the step. */
export interface ErasureProgress extends ErasedRows {
  /** The events up to this id are erased; null if none is. */
  position: string | null;
  /** The changes about the user up to this `seq` are done; null if none is. */
  changesPosition: string | null;
}

/** What a stage did in a step. */
interface StageStep {
  /** Rows read or deleted, at most the limit of the step. */
  rows: number;
  /** Whether nothing is left to do for the stage. */
  isDone: boolean;
}

/** A part of the erasure, done in steps of at most `limit` rows. It does nothing if it is already done. */
type Stage = (tx: WriteDb, deletion: Deletion, progress: ErasureProgress, limit: number) => Promise<StageStep>;

/** The greatest UUID. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Erases the next events after a position, with their idempotency keys: index entries before it are not read again. */
const eraseEvents: Stage = async (tx, { workspaceId, userId }, progress, limit) => {
  const start = progress.position ?? BEFORE_ALL_IDS;
  const [last] = await tx.query<{ id: string }[]>`/* findLastOfStep */
    SELECT id FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND id > ${start}::uuid
    ORDER BY id OFFSET ${limit - 1} LIMIT 1`;
  const [erased] = await tx.query<{ events: number; keys: number }[]>`/* eraseEvents */
    WITH erased AS (
      DELETE FROM events
      WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND id <= ${last?.id ?? LAST_ID}::uuid
        AND id > ${start}::uuid
      RETURNING id
    ), ${eraseKeysSql(workspaceId, Prisma.sql`ARRAY(SELECT id FROM erased)`)}
    SELECT (SELECT count(*)::int FROM erased) AS events, ${countKeys} AS keys`;
  const { events = 0, keys = 0 } = erased ?? {};
  progress.erasedEvents += events;
  progress.erasedKeys += keys;
  progress.position = last?.id ?? progress.position;
  return { rows: events, isDone: !last };
};

const countKeys = Prisma.sql`(SELECT count(*)::int FROM erased_keys) + (SELECT count(*)::int FROM erased_request_keys)`;

/** Erases the idempotency keys with which the user was created. */
const eraseUserKeys: Stage = async (tx, { workspaceId, userId }, progress) => {
  const [erased] = await tx.query<{ keys: number }[]>`/* eraseUserKeys */
    WITH ${eraseKeysSql(workspaceId, Prisma.sql`ARRAY[${userId}::uuid]`)} SELECT ${countKeys} AS keys`;
  const { keys = 0 } = erased ?? {};
  progress.erasedKeys += keys;
  return { rows: keys, isDone: true };
};

/** Erases the keys of bulk requests that wrote the user, with the results of the others: a retry writes them again. */
const eraseBulkKeys: Stage = async (tx, { workspaceId, userId }, progress) => {
  const keys = await tx.execute`/* eraseBulkKeys */
    DELETE FROM idempotency_keys
    WHERE idempotency_keys.workspace_id = ${workspaceId}::uuid AND idempotency_keys.results IS NOT NULL
      AND idempotency_keys.results @> jsonb_build_array(jsonb_build_array(${userId}::text))`;
  progress.erasedKeys += keys;
  return { rows: keys, isDone: true };
};

/** SQL condition for changes that were made with a token. The partial index on them needs the constant. */
const isByToken = Prisma.raw(`changes.key_id LIKE '${TOKEN_PREFIX}%'`);

/**
 * Erases the names of events and attributes, and the subjects of tokens, from the changes about the user. Of all tokens,
 * because how the application assigns subjects to users is not known. The ids remain: consumers of the log need them.
 */
const eraseChanges: Stage = async (tx, { workspaceId, userId }, progress, limit) => {
  const [step] = await tx.query<{ rows: number; end: string | null; erased: number }[]>`/* eraseChanges */
    WITH step AS MATERIALIZED (
      SELECT changes.xid, changes.seq FROM changes
      WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.user_id = ${userId}::uuid
        AND changes.seq > ${progress.changesPosition ?? '0'}::bigint
      ORDER BY changes.seq LIMIT ${limit}
    ), erased AS (
      UPDATE changes SET changed = NULL, key_id = CASE WHEN ${isByToken} THEN ${ERASED} ELSE changes.key_id END
      FROM step
      WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.xid = step.xid AND changes.seq = step.seq
        AND (changes.changed IS NOT NULL OR ${isByToken})
      RETURNING changes.seq
    )
    SELECT count(*)::int AS rows, max(seq)::text AS "end", (SELECT count(*)::int FROM erased) AS erased FROM step`;
  const { rows = 0, end = null, erased = 0 } = step ?? {};
  progress.changesPosition = end ?? progress.changesPosition;
  progress.erasedChanges += erased;
  return { rows, isDone: rows < limit };
};

/** Erases the subjects of the user's tokens from changes about others, such as lists that the user created. */
const eraseActor: Stage = async (tx, { workspaceId, subjects }, progress, limit) => {
  const names = (subjects ?? []).map(nameOfToken);
  if (names.length === 0) return { rows: 0, isDone: true };
  const rows = await tx.execute`/* eraseActor */
    WITH step AS MATERIALIZED (
      SELECT changes.xid, changes.seq FROM changes
      WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.key_id = ANY(${names}::text[]) AND ${isByToken}
      LIMIT ${limit}
    )
    UPDATE changes SET key_id = ${ERASED} FROM step
    WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.xid = step.xid AND changes.seq = step.seq`;
  progress.erasedChanges += rows;
  return { rows, isDone: rows < limit };
};

/** Erases the subjects of the user's tokens from import and export jobs, of which a workspace has few. */
const eraseTransferActor: Stage = async (tx, { workspaceId, subjects }) => {
  const rows = await tx.execute`/* eraseTransferActor */
    UPDATE transfer_jobs SET key_id = ${ERASED}
    WHERE transfer_jobs.workspace_id = ${workspaceId}::uuid AND key_id = ANY(${(subjects ?? []).map(nameOfToken)}::text[])`;
  return { rows, isDone: true };
};

/** Chunks of stored files in a step: each has up to 512 KB. */
const MAX_CHUNKS = 50;

/** Deletes the files of imports and exports, which may contain the user: those of jobs in progress when they end. */
const eraseTransferFiles: Stage = async (tx, { workspaceId }, _progress, limit) => {
  const chunks = Math.min(limit, MAX_CHUNKS);
  await expireUnfinishedJobs(tx, workspaceId);
  const rows = await eraseStoredFiles(tx, workspaceId, chunks);
  return { rows, isDone: rows < chunks };
};

/** Erases the counters of the user's tokens, if the replicas count points in the database. */
const eraseCounters: Stage = async (tx, { workspaceId, subjects }) => {
  const keys = (subjects ?? []).map((subject) => `token ${workspaceId} ${subject}`);
  const rows = await tx.execute`/* eraseCounters */
    DELETE FROM rate_limit_points WHERE key = ANY(${keys}::text[])`;
  return { rows, isDone: true };
};

/**
 * What is erased after the row of a user, in order. A crash repeats at most one step: each stage starts where its last
 * committed step ended. Whatever else stores data of persons outside of their rows adds its stage here.
 */
export const stages: readonly Stage[] = [
  eraseEvents,
  eraseUserKeys,
  eraseBulkKeys,
  eraseChanges,
  eraseActor,
  eraseTransferActor,
  eraseTransferFiles,
  eraseCounters,
];
