/** The function with which gateways run statements of a workspace on the node that has its rows. */
export const RUN_IN_WORKSPACE = 'usergraph_run';

/** Its signature, as PostgreSQL's functions for names take it. */
export const RUN_SIGNATURE = `public.${RUN_IN_WORKSPACE}(uuid, text, boolean, text[], integer, json)`;

/** SQL of whether a database is distributed. */
export const IS_DISTRIBUTED = `to_regprocedure('${RUN_SIGNATURE}') IS NOT NULL`;

/** The end of the message with which it fails if the shard is not on its node. */
export const SHARD_MOVED = 'is on another node';

/** The prefix of the schemas with the views of one shard. */
const SHARD_SCHEMA = 'usergraph_shard_';

/**
 * SQL of the function that creates the views of a shard of `workspaces` on the node that has it: one for each distributed table, with
 * the table's name, on the shard of that table with the same workspaces. Citus creates, moves and drops the shards; their views
 * are created by the first statement that needs them, and PostgreSQL drops them with the shard.
 */
const CREATE_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_create_shard_views(shard bigint) RETURNS void LANGUAGE plpgsql
SET search_path = public SET citus.override_table_visibility = off SET citus.enable_ddl_propagation = off SET client_min_messages = warning
AS $function$
DECLARE
  name text := '${SHARD_SCHEMA}' || shard;
  relation record;
  fallback record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(name, 0));
  IF to_regclass(name || '.workspaces') IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', name);
  FOR relation IN
    SELECT class.oid, class.relname AS name, shard_name(shards.logicalrelid, shards.shardid) AS shard_name
    FROM pg_dist_partition AS distributed
    JOIN pg_dist_shard AS shards USING (logicalrelid)
    JOIN pg_class AS class ON class.oid = distributed.logicalrelid
    WHERE distributed.colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = 'public.workspaces'::regclass)
      AND shards.shardminvalue = (SELECT shardminvalue FROM pg_dist_shard WHERE shardid = shard)
    ORDER BY class.relname
  LOOP
    -- An upsert of lists returns whether it has inserted a row.
    EXECUTE format('CREATE VIEW %I.%I AS SELECT *%s FROM public.%s', name, relation.name,
      CASE relation.name WHEN 'lists' THEN ', xmax' ELSE '' END, relation.shard_name);
    -- Shards have no defaults that use a sequence; each node has its own range of a sequence.
    FOR fallback IN
      SELECT attname AS column, pg_get_expr(adbin, adrelid) AS expression
      FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
      WHERE adrelid = relation.oid AND pg_get_expr(adbin, adrelid) LIKE '%nextval(%'
    LOOP
      EXECUTE format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', name, relation.name, fallback.column, fallback.expression);
    END LOOP;
  END LOOP;
END
$function$`;

/** SQL of the function that drops the views of all shards on a node, before and after their tables change. */
const DROP_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_drop_shard_views() RETURNS void LANGUAGE plpgsql
SET search_path = public SET citus.enable_ddl_propagation = off SET client_min_messages = warning
AS $function$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '${SHARD_SCHEMA}') ORDER BY nspname LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(name, 0));
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
  END LOOP;
END
$function$`;

/**
 * SQL of the function that runs a statement of a workspace. Citus sends its call to the node that has the shard of the workspace. There,
 * the statement runs on that shard alone, planned by PostgreSQL itself: the names of tables are those of the views of the shard, for
 * trigger functions too.
 *
 * A move of the shard waits for the lock of its metadata, which the transaction keeps, and so does the statement for a move that is
 * about to end. The statement fails with a serialization failure, which gateways retry, if the shard has gone.
 *
 * Other settings than `lock_timeout` are those of the statement alone: the views can be created before one that is read-only.
 *
 * It returns each row as the text of a record, or the number of rows of a statement that returns none.
 */
const RUN = `
CREATE OR REPLACE FUNCTION public.${RUN_IN_WORKSPACE}(
  workspace uuid, statement text, returns_rows boolean, parameters text[], lock_timeout_ms integer, settings json
) RETURNS SETOF text LANGUAGE plpgsql
SET search_path = public SET timezone = 'UTC' SET datestyle = 'ISO' SET lock_timeout = 0
AS $function$
DECLARE
  shard bigint := get_shard_id_for_distribution_column('public.workspaces', workspace);
  result record;
  affected bigint;
BEGIN
  PERFORM set_config('lock_timeout', lock_timeout_ms::text, true);
  PERFORM lock_shard_metadata(5, ARRAY[shard]);
  IF NOT EXISTS (
    SELECT FROM pg_dist_placement WHERE shardid = shard AND groupid = (SELECT groupid FROM pg_dist_local_group)
  ) THEN
    RAISE EXCEPTION 'shard % of workspaces ${SHARD_MOVED}', shard USING ERRCODE = 'serialization_failure';
  END IF;
  IF to_regclass('${SHARD_SCHEMA}' || shard || '.workspaces') IS NULL THEN
    BEGIN
      PERFORM public.usergraph_create_shard_views(shard);
    EXCEPTION WHEN duplicate_schema OR duplicate_table OR unique_violation THEN
      -- Another transaction has created them, and this session had not seen it yet.
      NULL;
    END;
  END IF;
  PERFORM set_config('search_path', '${SHARD_SCHEMA}' || shard || ', public', true);
  IF settings IS NOT NULL THEN
    PERFORM set_config(key, value, true) FROM json_each_text(settings);
  END IF;
  IF returns_rows THEN
    FOR result IN EXECUTE statement USING parameters LOOP
      RETURN NEXT result::text;
    END LOOP;
  ELSE
    EXECUTE statement USING parameters;
    GET DIAGNOSTICS affected = ROW_COUNT;
    RETURN NEXT affected::text;
  END IF;
END
$function$`;

/** SQL that creates the functions on all nodes. */
export const CREATE_FUNCTIONS: readonly string[] = [
  CREATE_SHARD_VIEWS,
  DROP_SHARD_VIEWS,
  RUN,
  `SELECT create_distributed_function('${RUN_SIGNATURE}', 'workspace', colocate_with := 'workspaces', force_delegation := true)`,
];
