import type { ClientBase } from 'pg';
import { createFunctions, IS_DISTRIBUTED, RUN_IN_WORKSPACE, versionAfter } from './functions.ts';
import { CREATE_EPOCHS_TABLE } from './shard-views.ts';
import { readShards } from './shards.ts';

/** Tables without a workspace. All nodes read and write them on the coordinator. */
const LOCAL_TABLES = ['_prisma_migrations', 'rate_limit_points'];

/** The column by which a table is distributed, if not by its workspace: each shard has a registration of each process. */
const DISTRIBUTION_COLUMNS: Readonly<Record<string, string>> = { segment_workers: 'id' };

/**
 * Settings of a transaction that changes the schema: triggers act on rows of the shard of their table only, which Citus cannot check, and
 * the shards of a table change one after the other, since one transaction uses all tables.
 */
const SESSION_SETTINGS = `SET LOCAL client_min_messages TO warning; SET LOCAL search_path TO public;
  SET LOCAL citus.enable_unsafe_triggers TO on; SET LOCAL citus.multi_shard_modify_mode TO sequential`;

/** A database cannot be distributed as it is; the message is one line. */
export class DistributionError extends Error {
  override name = 'DistributionError';
}

export interface DistributeOptions {
  /** Number of shards of each table, and so the maximum number of nodes. */
  shardCount: number;
  /** Called with a line for each step. */
  onProgress?(line: string): void;
}

/**
 * Distributes the tables of a database by workspace, in one transaction. Foreign keys and triggers are dropped before and created
 * again after, when their tables are on the same nodes. Writes wait until the end.
 * @returns false if they are already distributed.
 * @throws {DistributionError}
 */
export async function distribute(
  client: ClientBase,
  { shardCount, onProgress = () => {} }: DistributeOptions,
): Promise<boolean> {
  if (await isDistributedDatabase(client)) return false;
  await requireDistributable(client);
  await client.query('BEGIN');
  try {
    await client.query(`${SESSION_SETTINGS}; SET LOCAL citus.shard_count TO ${shardCount}`);
    // Versions that write it are older than the versions that support distributed databases.
    await client.query('DROP VIEW IF EXISTS audit_entries');
    const dropped = [...(await readDefinitions(client, FOREIGN_KEYS)), ...(await readDefinitions(client, TRIGGERS))];
    for (const { drop } of dropped) await client.query(drop);
    await unqualifyTables(client);
    for (const name of await listTables(client)) {
      onProgress(`distributing ${name}`);
      await distributeTable(client, name);
    }
    for (const name of LOCAL_TABLES) await client.query('SELECT citus_add_local_table_to_metadata($1)', [name]);
    onProgress('checking foreign keys');
    for (const { create } of dropped) await client.query(create);
    await installFunctions(client);
    await client.query('COMMIT');
    return true;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Whether a database is distributed. */
export async function isDistributedDatabase(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ isDistributed: boolean }>(`SELECT ${IS_DISTRIBUTED} AS "isDistributed"`);
  return rows[0]?.isDistributed === true;
}

/** Removes the rows that the tables of the coordinator still have after their distribution. They are not visible. */
export async function removeLocalRows(client: ClientBase): Promise<void> {
  await client.query(`SELECT truncate_local_data_after_distributing_table(logicalrelid) FROM pg_dist_partition
    WHERE partmethod = 'h' ORDER BY logicalrelid::text`);
}

/**
 * Applies a migration to a distributed database, in the transaction of a session: tables that it creates are distributed before the
 * next statement, and its functions find tables as statements do.
 */
export async function migrateDistributed(
  client: ClientBase,
  { name, statements }: { name: string; statements: readonly string[] },
): Promise<void> {
  await client.query(SESSION_SETTINGS);
  if (statements.some((statement) => COLUMN_CHANGE.test(statement))) await dropShardViews(client);
  for (const statement of statements) {
    await client.query(statement);
    if (/^CREATE (UNLOGGED )?TABLE\b/i.test(statement)) {
      for (const table of await listTables(client)) await distributeTable(client, table);
    }
  }
  await unqualifyTables(client);
  await installFunctions(client, name);
}

/** Statements that PostgreSQL rejects while views have the column. */
const COLUMN_CHANGE = /\bDROP COLUMN\b|\bALTER COLUMN \S+ (SET DATA )?TYPE\b/i;

/**
 * Drops the views of all shards in the transaction of the session, and waits at most a second for the statements that use them. Others wait
 * for the end of the transaction.
 */
async function dropShardViews(client: ClientBase): Promise<void> {
  const deadline = performance.now() + 1_000;
  for (const { workspaceId } of await readShards((sql) => client.query(sql))) {
    const timeoutMs = Math.max(Math.ceil(deadline - performance.now()), 1);
    await client.query('SELECT public.usergraph_drop_shard_views($1, $2)', [workspaceId, timeoutMs]);
  }
}

/** Whether a distributed database has the functions of another version of usergraph or of its migrations. */
export async function hasOtherFunctions(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ source: string }>(
    `SELECT prosrc AS source FROM pg_proc WHERE proname = '${RUN_IN_WORKSPACE}' AND pronamespace = to_regnamespace('public')`,
  );
  if (rows.length === 0) return false;
  const version = await readVersion(client);
  return !rows.some(({ source }) => source.includes(version));
}

/** Replaces the functions of a distributed database by those of this version. */
export async function updateFunctions(client: ClientBase): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(SESSION_SETTINGS);
    await installFunctions(client);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Creates the functions, and the table of epochs, in the transaction of a session. @param applying the migration that is being applied. */
async function installFunctions(client: ClientBase, applying?: string): Promise<void> {
  await client.query(CREATE_EPOCHS_TABLE);
  for (const table of await listTables(client)) await distributeTable(client, table);
  for (const sql of createFunctions(await readVersion(client, applying))) await client.query(sql);
}

/**
 * Creates the views of all shards, so that the first statements need not, and drops those of other versions on all nodes. Views in use, or on
 * a node that is down, stay until the next migration.
 */
export async function replaceShardViews(client: ClientBase): Promise<void> {
  for (const { workspaceId } of await readShards((sql) => client.query(sql))) {
    await client.query('SELECT public.usergraph_create_shard_views($1)', [workspaceId]);
  }
  const drop = `SELECT public.usergraph_drop_old_shard_views('${await readVersion(client)}')`;
  for (let isDone = false; !isDone; ) {
    const { rows } = await client.query<{ more: boolean }>(
      "SELECT coalesce(bool_or(success AND result = 't'), false) AS more FROM run_command_on_all_nodes($1)",
      [drop],
    );
    isDone = rows[0]?.more !== true;
  }
}

/** The version of functions and views for the tables that a database has. @param applying the migration that is being applied. */
async function readVersion(client: ClientBase, applying?: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT DISTINCT migration_name AS name FROM public._prisma_migrations WHERE finished_at IS NOT NULL OR migration_name = $1',
    [applying],
  );
  return versionAfter(rows.map(({ name }) => name));
}

/** @throws {DistributionError} */
async function requireDistributable(client: ClientBase): Promise<void> {
  const { rows: extensions } = await client.query("SELECT FROM pg_extension WHERE extname = 'citus'");
  if (extensions.length === 0) {
    throw new DistributionError(
      'The database has no extension citus. Create it on each node, and add the nodes (docs/scale-out.md).',
    );
  }
  const { rows } = await client.query<{ kind: string; nodes: number }>(`SELECT
    (SELECT relkind FROM pg_class WHERE oid = to_regclass('public.events')) AS kind,
    (SELECT count(*)::int FROM pg_dist_node WHERE isactive AND shouldhaveshards) AS nodes`);
  if (rows[0]?.kind === 'p') {
    throw new DistributionError('events is partitioned; a database is either partitioned or distributed.');
  }
  if (!rows[0]?.nodes) {
    throw new DistributionError(
      'No node stores shards. Add a worker on the coordinator: SELECT citus_add_node(host, port) (docs/scale-out.md).',
    );
  }
}

/** The tables that are not distributed yet, with the one first with which the others are colocated. */
async function listTables(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> ALL ($1)
       AND NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = pg_class.oid)
     ORDER BY relname <> 'workspaces', relname`,
    [LOCAL_TABLES],
  );
  return rows.map(({ name }) => name);
}

async function distributeTable(client: ClientBase, name: string): Promise<void> {
  // Shards are moved by logical replication, which unlogged tables do not have. It has no effect on other tables.
  await client.query(`ALTER TABLE "${name}" SET LOGGED`);
  const column = DISTRIBUTION_COLUMNS[name] ?? 'workspace_id';
  const colocation = name === 'workspaces' ? 'none' : 'workspaces';
  await client.query('SELECT create_distributed_table($1, $2, colocate_with := $3)', [name, column, colocation]);
}

/** Makes functions find tables by the search path, as statements do, so that they use the views of a shard (`shard-views.ts`). */
async function unqualifyTables(client: ClientBase): Promise<void> {
  while (await unqualifyTable(client));
}

/** Changes one name of a table in one function. @returns whether there was any. */
async function unqualifyTable(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ definition: string }>(`
    SELECT replace(pg_get_functiondef(pg_proc.oid), '"public"."' || relname || '"', '"' || relname || '"') AS definition
    FROM pg_proc JOIN pg_class ON position('"public"."' || relname || '"' IN prosrc) > 0
    WHERE pronamespace = 'public'::regnamespace AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    ORDER BY pg_proc.oid LIMIT 1`);
  const [found] = rows;
  if (found) await client.query(found.definition);
  return found !== undefined;
}

interface Definition {
  drop: string;
  create: string;
}

const FOREIGN_KEYS = `
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS create
  FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conname`;

const TRIGGERS = `
  SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS drop, pg_get_triggerdef(pg_trigger.oid) AS create
  FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
  WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal ORDER BY tgname`;

async function readDefinitions(client: ClientBase, sql: string): Promise<Definition[]> {
  const { rows } = await client.query<Definition>(sql);
  return rows;
}
