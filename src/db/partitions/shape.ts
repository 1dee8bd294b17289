import { escapeIdentifier, type PoolClient } from 'pg';
import { CONVERSION_CHECK } from '../errors.ts';
import { lockTableSql } from '../short-transaction.ts';
import { partitionSql } from './create.ts';
import { PREPARED_MARK } from './marks.ts';
import { idBoundOf } from './months.ts';
import { MAX_NAME_BYTES, PREPARED_TABLE } from './state.ts';

/** The names of an index, or of a constraint with its index. */
interface IndexNames {
  name: string;
  /** Until the partitioned table replaces the existing one. */
  prepared: string;
}

/** What the partitioned table has in common with the existing one: names, and the rest of statements after `events`. */
interface Shape {
  /** The primary key and unique constraints. */
  keys: (IndexNames & { definition: string })[];
  /** Indexes without a constraint; `definition` starts with USING. */
  indexes: (IndexNames & { unique: string; definition: string })[];
  foreignKeys: { name: string; definition: string }[];
  triggers: { name: string; definition: string }[];
  /** Complete statements: owner, privileges, disabled triggers and replica identity. */
  others: string[];
  /** A complete statement that gives the new `events` the comment of the existing one. */
  comment: string[];
}

/** Reads the shape of the existing table. Names in definitions are quoted where necessary, and others are not. */
export async function readShape(client: PoolClient): Promise<Shape> {
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
  const preparedName = (place: number) => `${PREPARED_TABLE}_${place}`;
  const keys = of('keys');
  return {
    keys: keys.map(({ name, definition }, place) => ({ name, prepared: preparedName(place), definition })),
    foreignKeys: of('foreignKeys'),
    indexes: of('indexes').map(({ name, definition }, place) => ({
      name,
      prepared: preparedName(keys.length + place),
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

/** SQL statements that create the partitioned table, with its partitions from the end of the existing table on, next to it. */
export function preparationSql(shape: Shape, months: readonly Date[], owner: string | null): string[] {
  const addConstraint = (name: string, definition: string) =>
    `ALTER TABLE ${PREPARED_TABLE} ADD CONSTRAINT ${escapeIdentifier(name)} ${definition}`;
  return [
    `CREATE TABLE ${PREPARED_TABLE} (LIKE events INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (id)`,
    `ALTER TABLE ${PREPARED_TABLE} DROP CONSTRAINT ${CONVERSION_CHECK}`,
    ...shape.keys.map(({ prepared, definition }) => addConstraint(prepared, definition)),
    ...shape.indexes.map(
      ({ prepared, unique, definition }) => `CREATE ${unique}INDEX ${prepared} ON ${PREPARED_TABLE} ${definition}`,
    ),
    ...shape.triggers.map(({ definition }) => definition),
    ...shape.others,
    `COMMENT ON TABLE ${PREPARED_TABLE} IS '${PREPARED_MARK}'`,
    ...months.flatMap((month) => partitionSql(month, PREPARED_TABLE, owner)),
    // Last, since it locks the writers of workspaces out until the end of the transaction.
    ...shape.foreignKeys.map(({ name, definition }) => addConstraint(name, definition)),
  ];
}

/** The name of an index of the existing table once that is a partition. A name that would be too long is derived from the prepared one. */
function partitionIndexName({ name, prepared }: IndexNames, partition: string): string {
  const own = name.replace(/^events/, partition);
  const fits = own.startsWith(partition) && Buffer.byteLength(own) <= MAX_NAME_BYTES;
  return fits ? own : prepared.replace(PREPARED_TABLE, `idx_${partition}`);
}

/**
 * The statements that replace the table. Whoever writes workspaces locks them before events. The attachment drops triggers of
 * workspaces, which locks out readers.
 */
export function swapSql(shape: Shape, name: string, until: Date): string[] {
  const indexes = [...shape.keys, ...shape.indexes];
  const renameIndex = (from: string, to: string) =>
    `ALTER INDEX ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`;
  return [
    lockTableSql('workspaces', 'SHARE ROW EXCLUSIVE'),
    lockTableSql('events', 'ACCESS EXCLUSIVE'),
    lockTableSql('workspaces', 'ACCESS EXCLUSIVE'),
    ...shape.triggers.map((trigger) => `DROP TRIGGER ${escapeIdentifier(trigger.name)} ON events`),
    ...indexes.map((index) => renameIndex(index.name, partitionIndexName(index, name))),
    `ALTER TABLE events RENAME TO ${name}`,
    `ALTER TABLE ${PREPARED_TABLE} RENAME TO events`,
    ...shape.comment,
    ...indexes.map((index) => renameIndex(index.prepared, index.name)),
    `ALTER TABLE events ATTACH PARTITION ${name} FOR VALUES FROM (MINVALUE) TO ('${idBoundOf(until)}')`,
    `ALTER TABLE ${name} DROP CONSTRAINT ${CONVERSION_CHECK}`,
  ];
}
