import { escapeIdentifier, type PoolClient } from 'pg';
import type { Database, DatabaseClient } from '../client.ts';
import { CONVERSION_CHECK, describeDatabaseError, inOneLine } from '../errors.ts';
import { type ReadDb, statementsOnClient } from '../statements.ts';
import { analyzePartitions, DEFAULT_AHEAD, missingMonths, NOT_ANALYZED, partitionSql } from './create.ts';
import { PREPARED_MARK } from './marks.ts';
import { firstIdOf, instantOfId, monthName, startOfMonth } from './months.ts';
import {
  CHANGE_ATTEMPTS,
  changePartitions,
  PartitionError,
  type PartitionSession,
  withPartitionLock,
} from './session.ts';
import { type PartitionState, PREPARED_TABLE, readPartitionState } from './state.ts';

/** Maximum length of a name in bytes. PostgreSQL truncates longer ones, which can then be equal. */
const MAX_NAME_BYTES = 63;

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
 * @returns undefined if the table is already partitioned.
 * @throws {PartitionError} if it cannot be partitioned, or another process changes partitions, indexes or the schema.
 */
export async function partitionEvents(
  db: DatabaseClient,
  { ahead = DEFAULT_AHEAD, onProgress = () => {} }: { ahead?: number; onProgress?(step: string): void } = {},
): Promise<Conversion | undefined> {
  const result = await withPartitionLock(db, async (session) => {
    const state = await readPartitionState(statementsOnClient(session.client, false));
    if (state.partitions) return { conversion: undefined };
    requireFreeName(state);
    const until = startOfMonth(new Date(state.now.getTime() + MIN_DURATION_MS), 1);
    await requireConvertible(session.client);
    if (state.hasUnfinishedConversion) await abandonInSession(session);
    try {
      const name = await convert(session, { until, now: state.now, owner: state.owner, ahead, onProgress });
      return { conversion: { name, until, lockedMs: session.longestMs() } };
    } catch (error) {
      throw await abandonAfter(session, until, error);
    }
  });
  if (!result)
    throw new PartitionError('Another process changes partitions, indexes or the schema. Retry when it has ended.');
  if (!result.conversion) return undefined;
  onProgress('analyzing');
  if (!(await analyzePartitions(db))) onProgress(NOT_ANALYZED);
  return result.conversion;
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
      `${inOneLine(error)} A check that rejects events from ${until.toISOString().slice(0, 10)} on is left: run npm run cli -- partitions abandon.`,
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
  const isDone = await changePartitions(db, 'dropConversionCheck', ({ partitions, hasUnfinishedConversion }) => {
    hasRemoved = !partitions && hasUnfinishedConversion;
    return hasRemoved ? [DROP_CHECK] : [];
  });
  // In a transaction of its own: to drop a foreign key locks workspaces, which those who insert events lock after events.
  return isDone && hasRemoved && (await changePartitions(db, 'dropPrepared', () => [DROP_PREPARED]));
}

/** The instant from which on the check of an unfinished conversion rejects events; undefined without one. */
export async function readRejectedFrom(db: ReadDb): Promise<Date | undefined> {
  const [check] = await db.query<{ id: string | null }[]>`/* readConversionCheck */
    SELECT substring(pg_get_constraintdef(oid) FROM '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}') AS id
    FROM pg_constraint WHERE conrelid = to_regclass('events') AND conname = ${CONVERSION_CHECK}::text`;
  return check?.id ? instantOfId(check.id) : undefined;
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
    ORDER BY problem`);
  if (rows[0]) throw new PartitionError(`events cannot be partitioned: ${rows[0].problem}.`);
}

/** Proves that all rows are before an instant, and will be. @throws {PartitionError} if some are not. */
async function checkRows({ client, transaction }: PartitionSession, until: Date): Promise<void> {
  await transaction('addConversionCheck', [
    `ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (id < '${firstIdOf(until)}') NOT VALID`,
  ]);
  try {
    await client.query(`/* validateConversionCheck */ ALTER TABLE events VALIDATE CONSTRAINT ${CONVERSION_CHECK}`);
  } catch (error) {
    if (describeDatabaseError(error).sqlState !== '23514') throw error;
    throw new PartitionError(
      `events cannot be partitioned: there are ids after ${until.toISOString().slice(0, 10)}, which are not UUIDv7 of the time of insertion. Find them with SELECT workspace_id, id FROM events WHERE id >= '${firstIdOf(until)}'.`,
      { cause: error },
    );
  }
}

/** What the partitioned table has in common with the existing one: names, and the rest of statements after `events`. */
interface Shape {
  /** The primary key and unique constraints. */
  keys: { name: string; definition: string }[];
  /** Indexes without a constraint; `definition` starts with USING. */
  indexes: { name: string; unique: string; definition: string }[];
  foreignKeys: { name: string; definition: string }[];
  triggers: { name: string; definition: string }[];
  /** Complete statements: owner, privileges, disabled triggers and replica identity. */
  others: string[];
  /** A complete statement that gives the new `events` the comment of the existing one. */
  comment: string[];
}

/** Reads the shape of the existing table. Names in definitions are quoted where necessary, and others are not. */
async function readShape(client: PoolClient): Promise<Shape> {
  const { rows } = await client.query<{ kind: keyof Shape; name: string; definition: string }>(`/* readEventsShape */
    SELECT CASE contype WHEN 'f' THEN 'foreignKeys' ELSE 'keys' END AS kind, conname::text AS name,
      pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE conrelid = to_regclass('events') AND contype IN ('p', 'u', 'f')
    UNION ALL SELECT 'indexes', relname::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = to_regclass('events')
      AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = to_regclass('events') AND contype IN ('p', 'u'))
    UNION ALL SELECT 'triggers', tgname::text, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE tgrelid = to_regclass('events') AND NOT tgisinternal
    UNION ALL SELECT 'others', 'owner', format('ALTER TABLE ${PREPARED_TABLE} OWNER TO %s', relowner::regrole)
    FROM pg_class WHERE oid = to_regclass('events')
    UNION ALL ${grantsSql('privilege_type', 'pg_class, aclexplode(relacl)', "oid = to_regclass('events')")}
    UNION ALL ${grantsSql("format('%s (%I)', privilege_type, attname)", 'pg_attribute, aclexplode(attacl)', "attrelid = to_regclass('events')")}
    UNION ALL SELECT 'others', 'trigger', format('ALTER TABLE ${PREPARED_TABLE} %s TRIGGER %I',
      CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname)
    FROM pg_trigger WHERE tgrelid = to_regclass('events') AND NOT tgisinternal AND tgenabled <> 'O'
    UNION ALL SELECT 'others', 'identity', format('ALTER TABLE ${PREPARED_TABLE} REPLICA IDENTITY %s',
      CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
    FROM pg_class WHERE oid = to_regclass('events') AND relreplident IN ('f', 'n')
    UNION ALL SELECT 'comment', 'comment', format('COMMENT ON TABLE events IS %L', obj_description(to_regclass('events'), 'pg_class'))`);
  return toShape(rows);
}

const grantsSql = (privilege: string, source: string, condition: string) => `
    SELECT 'others', 'grant', format('GRANT %s ON ${PREPARED_TABLE} TO %s%s', ${privilege},
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM ${source} WHERE ${condition}`;

function toShape(rows: readonly { kind: keyof Shape; name: string; definition: string }[]): Shape {
  const of = (kind: keyof Shape) => rows.filter((row) => row.kind === kind);
  return {
    keys: of('keys'),
    foreignKeys: of('foreignKeys'),
    indexes: of('indexes').map(({ name, definition }) => ({
      name,
      unique: definition.startsWith('CREATE UNIQUE') ? 'UNIQUE ' : '',
      definition: definition.slice(definition.indexOf(' USING ')),
    })),
    triggers: of('triggers').map(({ name, definition }) => ({
      name,
      definition: definition.replace(/ ON (?:(?:"[^"]*"|\S+)\.)?"?events"? /, ` ON ${PREPARED_TABLE} `),
    })),
    others: of('others').map(({ definition }) => definition),
    comment: of('comment').map(({ definition }) => definition),
  };
}

/** The indexes, first those of keys, with their name until the partitioned table replaces the existing one. */
const namesOf = ({ keys, indexes }: Shape) =>
  [...keys, ...indexes].map(({ name }, place) => ({ name, prepared: `${PREPARED_TABLE}_${place}` }));

/** SQL statements that create the partitioned table, with its partitions from the end of the existing table on, next to it. */
function preparationSql(shape: Shape, months: readonly Date[], owner: string | null): string[] {
  const addConstraint = (name: string, definition: string) =>
    `ALTER TABLE ${PREPARED_TABLE} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`;
  const names = namesOf(shape).map(({ prepared }) => prepared);
  const indexNames = names.splice(shape.keys.length);
  return [
    `CREATE TABLE ${PREPARED_TABLE} (LIKE events INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (id)`,
    `ALTER TABLE ${PREPARED_TABLE} DROP CONSTRAINT ${CONVERSION_CHECK}`,
    ...shape.keys.map(({ definition }, place) => addConstraint(names[place] ?? '', definition)),
    ...shape.indexes.map(
      ({ unique, definition }, place) =>
        `CREATE ${unique}INDEX ${indexNames[place]} ON ${PREPARED_TABLE} ${definition}`,
    ),
    ...shape.triggers.map(({ definition }) => definition),
    ...shape.others,
    `COMMENT ON TABLE ${PREPARED_TABLE} IS '${PREPARED_MARK}'`,
    ...months.flatMap((month) => partitionSql(month, PREPARED_TABLE, owner)),
    // Last, since it locks the writers of workspaces out until the end of the transaction.
    ...shape.foreignKeys.map(({ name, definition }) => addConstraint(name, definition)),
  ];
}

/** The name of an index of the existing table as a partition. `place` tells those apart whose names would be too long. */
function partitionIndexName(index: string, partition: string, place: number): string {
  const name = index.replace(/^events/, partition);
  const fits = name.startsWith(partition) && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  return fits ? name : `idx_${place}_${partition}`;
}

/**
 * The statements that replace the table. Whoever writes workspaces locks them before events. The attachment drops triggers of
 * workspaces, which locks out readers.
 */
function swapSql(shape: Shape, name: string, until: Date): string[] {
  const names = namesOf(shape);
  return [
    'LOCK TABLE workspaces IN SHARE ROW EXCLUSIVE MODE',
    'LOCK TABLE events IN ACCESS EXCLUSIVE MODE',
    'LOCK TABLE workspaces IN ACCESS EXCLUSIVE MODE',
    ...shape.triggers.map((trigger) => `DROP TRIGGER ${escapeIdentifier(trigger.name)} ON events`),
    ...names.map(
      (index, place) =>
        `ALTER INDEX ${escapeIdentifier(index.name)} RENAME TO ${escapeIdentifier(partitionIndexName(index.name, name, place))}`,
    ),
    `ALTER TABLE events RENAME TO ${name}`,
    `ALTER TABLE ${PREPARED_TABLE} RENAME TO events`,
    ...shape.comment,
    ...names.map((index) => `ALTER INDEX ${index.prepared} RENAME TO ${escapeIdentifier(index.name)}`),
    `ALTER TABLE events ATTACH PARTITION ${name} FOR VALUES FROM (MINVALUE) TO ('${firstIdOf(until)}')`,
    `ALTER TABLE ${name} DROP CONSTRAINT ${CONVERSION_CHECK}`,
  ];
}
