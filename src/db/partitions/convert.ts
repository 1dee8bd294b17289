import type { PoolClient } from 'pg';
import type { Database, DatabaseClient } from '../client.ts';
import { IS_DISTRIBUTED } from '../distribution/functions.ts';
import { CONVERSION_CHECK, clauseOf, describeDatabaseError } from '../errors.ts';
import { statementsOnClient } from '../statements.ts';
import { DEFAULT_AHEAD, missingMonths } from './create.ts';
import { PREPARED_MARK } from './marks.ts';
import { idBoundOf, monthName, startOfMonth } from './months.ts';
import {
  CHANGE_ATTEMPTS,
  changePartitions,
  PartitionError,
  type PartitionSession,
  withPartitionLock,
} from './session.ts';
import { preparationSql, readShape, swapSql } from './shape.ts';
import { type PartitionState, PREPARED_TABLE, readPartitionState } from './state.ts';

/** A month that ends sooner than this is not used: rows of the next month would violate the check before the conversion has ended. */
const MIN_DURATION_MS = 3 * 86_400_000;

/** What a conversion did. */
export interface Conversion {
  /** The existing table, which is now the first partition. */
  name: string;
  /** The instant before which its events were inserted. */
  until: Date;
  /** How long readers or writers were locked out at most, in ms, by any of its steps. */
  lockedMs: number;
}

/**
 * Partitions `events` while it is used. The existing table becomes the first partition, without being copied:
 * 1. a check constraint states that all ids are before the end of a month; it is validated without blocking writes,
 * 2. the partitioned table is prepared, with the same columns, indexes, foreign keys, triggers and privileges, and empty partitions,
 * 3. one transaction of a few milliseconds swaps the names and attaches the existing table. The check spares it the scan.
 * An interrupted conversion has lost nothing; the next one starts again.
 * The partitioned table has no statistics at first; `analyzePartitions` collects them.
 * @returns undefined if the table is already partitioned.
 * @throws {PartitionError} if it cannot be partitioned, or another process changes partitions, indexes or the schema.
 */
export async function partitionEvents(
  db: DatabaseClient,
  { ahead = DEFAULT_AHEAD, onProgress = () => {} }: { ahead?: number; onProgress?(step: string): void } = {},
): Promise<Conversion | undefined> {
  return withPartitionLock(db, async (session) => {
    const state = await readPartitionState(statementsOnClient(session.client, false));
    if (state.partitions) return undefined;
    requireFreeName(state);
    const until = startOfMonth(new Date(state.now.getTime() + MIN_DURATION_MS), 1);
    await requireConvertible(session.client);
    if (state.hasUnfinishedConversion) await abandonInSession(session);
    try {
      const name = await convert(session, { until, now: state.now, owner: state.owner, ahead, onProgress });
      return { name, until, lockedMs: session.longestMs() };
    } catch (error) {
      throw await abandonAfter(session, until, error);
    }
  });
}

interface ConversionPlan {
  until: Date;
  now: Date;
  owner: string | null;
  ahead: number;
  onProgress(step: string): void;
}

/** @returns the name of the existing table as a partition. */
async function convert(session: PartitionSession, { until, now, owner, ahead, onProgress }: ConversionPlan) {
  onProgress('checking that all events are before the end of the month');
  await checkRows(session, until);
  onProgress('preparing the partitioned table');
  const shape = await readShape(session.client);
  const months = missingMonths([{ from: null, to: until }], now, ahead);
  await session.transaction('prepareEvents', preparationSql(shape, months, owner));
  onProgress('attaching the existing table');
  const name = `events_until_${monthName(startOfMonth(until, -1))}`;
  await session.transaction('swapEvents', swapSql(shape, name, until));
  return name;
}

/** Removes what a failed conversion has left. @returns its error, with what to do if that fails as well. */
async function abandonAfter(session: PartitionSession, until: Date, error: unknown): Promise<unknown> {
  try {
    await abandonInSession(session, CHANGE_ATTEMPTS);
    return error;
  } catch {
    return new PartitionError(
      `${clauseOf(error)}. A check that rejects events from ${until.toISOString().slice(0, 10)} on may be left: run npm run cli -- partitions abandon.`,
      { cause: error },
    );
  }
}

/**
 * Removes what an interrupted conversion has left. Its check would reject the events of next month.
 * @returns false if there is nothing to remove, or another process changes partitions, indexes or the schema.
 */
export async function abandonConversion(db: Database): Promise<boolean> {
  let hasRemoved = false;
  const isDone = await changePartitions(db, 'dropConversionCheck', ({ hasUnfinishedConversion }) => {
    hasRemoved = hasUnfinishedConversion;
    return hasRemoved ? [DROP_CHECK] : [];
  });
  // In a separate transaction, since it also locks workspaces: the check must be removed even if that lock is not available.
  return isDone && hasRemoved && (await changePartitions(db, 'dropPrepared', () => [DROP_PREPARED]));
}

/** Only if a conversion has created it. */
const DROP_PREPARED = `DO $$ BEGIN
  IF obj_description(to_regclass('${PREPARED_TABLE}'), 'pg_class') = '${PREPARED_MARK}' THEN DROP TABLE ${PREPARED_TABLE}; END IF;
END $$`;
const DROP_CHECK = `ALTER TABLE events DROP CONSTRAINT IF EXISTS ${CONVERSION_CHECK}`;

/** As `abandonConversion`. The check, which rejects events, goes first. */
async function abandonInSession({ transaction }: PartitionSession, attempts?: number): Promise<void> {
  await transaction('dropConversionCheck', [DROP_CHECK], attempts);
  await transaction('dropPrepared', [DROP_PREPARED], attempts);
}

/** @throws {PartitionError} if a table that no conversion has created has the name of the one to prepare. */
function requireFreeName({ unmarkedTables }: PartitionState): void {
  if (!unmarkedTables.includes(PREPARED_TABLE)) return;
  throw new PartitionError(
    `events cannot be partitioned: there is a table ${PREPARED_TABLE} that partitions create has not created: rename it.`,
  );
}

/** @throws {PartitionError} if something would keep referring to the existing table, or the attachment would build an index. */
async function requireConvertible(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ problem: string }>(`/* readConversionProblems */
    SELECT 'the view ' || ev_class::regclass || ' reads it: drop the view, and create it again afterwards' AS problem
    FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid
    WHERE classid = 'pg_rewrite'::regclass AND refobjid = to_regclass('events') AND ev_class <> refobjid
    UNION SELECT 'the foreign key ' || conname || ' refers to it: drop it' FROM pg_constraint
    WHERE confrelid = to_regclass('events')
    UNION SELECT 'the foreign key ' || conname || ' is not validated: validate it' FROM pg_constraint
    WHERE conrelid = to_regclass('events') AND contype = 'f' AND NOT convalidated
    UNION SELECT 'the publication ' || published.pubname || CASE WHEN publication.oid IN (SELECT prpubid FROM pg_publication_rel
        WHERE prrelid = to_regclass('events')) THEN ' contains it: remove it, and add the partitioned table afterwards'
      ELSE ' would contain partitions under their own names: set its publish_via_partition_root' END
    FROM pg_publication_tables AS published JOIN pg_publication AS publication ON publication.pubname = published.pubname
    WHERE to_regclass(format('%I.%I', schemaname, tablename)) = to_regclass('events')
      AND (NOT pubviaroot OR publication.oid IN (SELECT prpubid FROM pg_publication_rel WHERE prrelid = to_regclass('events')))
    UNION SELECT 'the index ' || indexrelid::regclass || ' is invalid: drop it, or create it again'
    FROM pg_index WHERE indrelid = to_regclass('events') AND NOT indisvalid
    UNION SELECT CASE WHEN indisexclusion THEN 'the exclusion constraint ' ELSE 'the unique index ' END || indexrelid::regclass
      || ' does not contain the column id, by which it is partitioned: drop it'
    FROM pg_index WHERE indrelid = to_regclass('events') AND (indisexclusion OR indisunique AND (
      SELECT attnum FROM pg_attribute WHERE attrelid = indrelid AND attname = 'id') <> ALL ((indkey::int2[])[0:indnkeyatts - 1]))
    UNION SELECT 'the function ' || objid::regprocedure || ' refers to it: drop it, and create it again afterwards'
    FROM pg_depend WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = to_regclass('events')
    UNION SELECT 'it has the rule ' || rulename || ', which is not copied: drop it' FROM pg_rewrite WHERE ev_class = to_regclass('events')
    UNION SELECT 'it has the policy ' || polname || ', which is not copied: drop it' FROM pg_policy WHERE polrelid = to_regclass('events')
    UNION SELECT 'it has row-level security, which is not copied: disable it' FROM pg_class
    WHERE oid = to_regclass('events') AND (relrowsecurity OR relforcerowsecurity)
    UNION SELECT 'a database is either partitioned or distributed, and this one is distributed' WHERE ${IS_DISTRIBUTED}
    ORDER BY problem`);
  if (rows[0]) throw new PartitionError(`events cannot be partitioned: ${rows[0].problem}.`);
}

/** Proves that all rows are before an instant, and will be. @throws {PartitionError} if some are not. */
async function checkRows({ client, transaction }: PartitionSession, until: Date): Promise<void> {
  await transaction('addConversionCheck', [
    `ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (id < '${idBoundOf(until)}') NOT VALID`,
  ]);
  try {
    await client.query(`/* validateConversionCheck */ ALTER TABLE events VALIDATE CONSTRAINT ${CONVERSION_CHECK}`);
  } catch (error) {
    if (describeDatabaseError(error).sqlState !== '23514') throw error;
    throw new PartitionError(
      `events cannot be partitioned: there are ids after ${until.toISOString().slice(0, 10)}, which are not UUIDv7 of the time of insertion. Find them with SELECT workspace_id, id FROM events WHERE id >= '${idBoundOf(until)}'.`,
      { cause: error },
    );
  }
}
