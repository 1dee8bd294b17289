/** The prefix of the schemas with the views of one shard: `usergraph_shard_<shard>_<group of the node>_<version>`. */
export const SHARD_SCHEMA = 'usergraph_shard_';

/** The table of the epochs of each shard. It exists in distributed databases only. */
export const EPOCHS_TABLE = 'shard_epochs';

/**
 * SQL that creates the table of epochs. An epoch is one stay of a shard on a server. Each server assigns its own transaction ids and
 * sequence values, which order the log of changes. Adding the epoch times `EPOCH_SIZE` to both makes those of a later epoch greater.
 * `workspace_id` only selects the shard; `server` is the system identifier and the group id of the node.
 */
export const CREATE_EPOCHS_TABLE = `
CREATE TABLE IF NOT EXISTS public.${EPOCHS_TABLE} (
  workspace_id uuid NOT NULL,
  epoch bigint NOT NULL,
  server text NOT NULL,
  PRIMARY KEY (workspace_id, epoch)
)`;

/** More transactions than a server assigns in 50 years at 10,000 a second: 2 ^ 44. A bigint has room for 500,000 epochs. */
const EPOCH_SIZE = 2 ** 44;

/** Citus gives each node 2 ^ 48 values of a sequence, starting at its group id times 2 ^ 48. */
const SEQUENCE_RANGE = 2 ** 48;

/**
 * SQL of the function that begins an epoch of a shard, unless its last one was on this server. `suffix` is the end of the names of the
 * shard's tables. @returns what to add to the ids of the epoch.
 */
const BEGIN_EPOCH = `
CREATE OR REPLACE FUNCTION public.usergraph_begin_epoch(suffix text, workspace uuid) RETURNS bigint LANGUAGE plpgsql
SET search_path = public SET citus.override_table_visibility = off
AS $function$
DECLARE
  own text := (SELECT concat_ws(' ', system_identifier, groupid) FROM pg_control_system(), pg_dist_local_group);
  last_epoch bigint;
  last_server text;
BEGIN
  EXECUTE format('SELECT epoch, server FROM public.%I ORDER BY epoch DESC LIMIT 1', '${EPOCHS_TABLE}' || suffix)
    INTO last_epoch, last_server;
  IF last_server IS DISTINCT FROM own THEN
    last_epoch := coalesce(last_epoch, 0) + 1;
    EXECUTE format('INSERT INTO public.%I (workspace_id, epoch, server) VALUES ($1, $2, $3)', '${EPOCHS_TABLE}' || suffix)
      USING workspace, last_epoch, own;
  END IF;
  RETURN last_epoch * ${EPOCH_SIZE};
END
$function$`;

/**
 * SQL of the function that creates the views of the shard of a workspace on the node that has it: one for each distributed table, with
 * the table's name, on the shard of that table with the same workspaces. Citus creates, moves and drops the shards, and PostgreSQL drops
 * their views with them. It is called in a transaction of its own: other statements on the shard wait for its end.
 *
 * The schema also has its own `pg_current_xact_id` and `pg_current_snapshot`, which add the base of the epoch, as the default of `changes.seq`
 * does. No statement runs on the shard before it has views, so that each stay on a server has an epoch.
 */
const createShardViews = (version: string) => `
CREATE OR REPLACE FUNCTION public.usergraph_create_shard_views(workspace uuid) RETURNS void LANGUAGE plpgsql
SET search_path = public SET citus.override_table_visibility = off SET citus.enable_ddl_propagation = off SET client_min_messages = warning
SET lock_timeout = '2s'
AS $function$
DECLARE
  shard bigint := get_shard_id_for_distribution_column('public.workspaces', workspace);
  name text := '${SHARD_SCHEMA}' || shard || '_' || (SELECT groupid FROM pg_dist_local_group) || '_${version}';
  relation record;
  generated record;
  base bigint;
BEGIN
  PERFORM lock_shard_metadata(5, ARRAY[shard]);
  IF NOT EXISTS (
    SELECT FROM pg_dist_placement WHERE shardid = shard AND groupid = (SELECT groupid FROM pg_dist_local_group)
  ) THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('${SHARD_SCHEMA}' || shard, 0));
  IF EXISTS (SELECT FROM pg_class WHERE relname = 'workspaces' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = name))
  THEN RETURN; END IF;
  -- Left from an earlier stay of the shard on this server.
  EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
  EXECUTE format('CREATE SCHEMA %I', name);

  base := public.usergraph_begin_epoch((SELECT '_' || shardid FROM pg_dist_shard
    WHERE logicalrelid = 'public.${EPOCHS_TABLE}'::regclass
      AND shardminvalue = (SELECT shardminvalue FROM pg_dist_shard WHERE shardid = shard)), workspace);
  EXECUTE format('CREATE FUNCTION %I.pg_current_xact_id() RETURNS xid8 LANGUAGE sql STABLE AS ''
    SELECT (pg_catalog.pg_current_xact_id()::text::bigint + %s)::text::xid8''', name, base);
  EXECUTE format('CREATE FUNCTION %I.pg_current_snapshot() RETURNS pg_snapshot LANGUAGE sql STABLE AS ''
    SELECT concat_ws('''':'''', pg_snapshot_xmin(snapshot)::text::bigint + %2$s, pg_snapshot_xmax(snapshot)::text::bigint + %2$s,
      (SELECT coalesce(string_agg((xid::text::bigint + %2$s)::text, '''','''' ORDER BY xid), '''''''') FROM pg_snapshot_xip(snapshot) AS xid)
    )::pg_snapshot
    FROM (SELECT pg_catalog.pg_current_snapshot() AS snapshot) AS current''', name, base);

  -- Defaults of views find these functions.
  PERFORM set_config('search_path', format('%I, pg_catalog, public', name), true);
  FOR relation IN
    SELECT class.oid, class.relname AS name, shard_name(shards.logicalrelid, shards.shardid) AS shard_name
    FROM pg_dist_partition AS distributed
    JOIN pg_dist_shard AS shards USING (logicalrelid)
    JOIN pg_class AS class ON class.oid = distributed.logicalrelid
    WHERE distributed.colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = 'public.workspaces'::regclass)
      AND shards.shardminvalue = (SELECT shardminvalue FROM pg_dist_shard WHERE shardid = shard)
      AND class.relname <> '${EPOCHS_TABLE}'
    ORDER BY class.relname
  LOOP
    -- An upsert of lists returns whether it has inserted a row.
    EXECUTE format('CREATE VIEW %I.%I AS SELECT *%s FROM public.%s', name, relation.name,
      CASE relation.name WHEN 'lists' THEN ', xmax' ELSE '' END, relation.shard_name);
    FOR generated IN
      SELECT attname AS column, pg_get_expr(adbin, adrelid) AS expression
      FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
      WHERE adrelid = relation.oid AND pg_get_expr(adbin, adrelid) ~ '(nextval|pg_current_xact_id)\\('
    LOOP
      EXECUTE format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', name, relation.name, generated.column,
        CASE WHEN generated.expression LIKE 'nextval(%'
          THEN format('%s + %s %% ${SEQUENCE_RANGE}', base, generated.expression)
          ELSE replace(generated.expression, 'pg_catalog.', '') END);
    END LOOP;
  END LOOP;
END
$function$`;

/**
 * SQL of the function that drops the views of the shard of a workspace, before a migration changes their columns in its transaction. It takes
 * the lock of a move, so that statements on the shard wait before they look for views.
 */
const DROP_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_drop_shard_views(workspace uuid, lock_timeout_ms integer) RETURNS void LANGUAGE plpgsql
SET search_path = public SET citus.enable_ddl_propagation = off SET client_min_messages = warning SET lock_timeout = 0
AS $function$
DECLARE
  shard bigint := get_shard_id_for_distribution_column('public.workspaces', workspace);
  name text;
BEGIN
  PERFORM set_config('lock_timeout', lock_timeout_ms::text, true);
  PERFORM lock_shard_metadata(7, ARRAY[shard]);
  FOR name IN
    SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '${SHARD_SCHEMA}' || shard || '_') ORDER BY nspname
  LOOP
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
  END LOOP;
END
$function$`;

/**
 * SQL of the function that drops the views of another version of one shard on this node, unless they are in use. @returns whether it has dropped
 * any: call it again.
 */
const DROP_OLD_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_drop_old_shard_views(version text) RETURNS boolean LANGUAGE plpgsql
SET search_path = public SET citus.enable_ddl_propagation = off SET client_min_messages = warning SET lock_timeout = '100ms'
AS $function$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT nspname FROM pg_namespace
    WHERE starts_with(nspname, '${SHARD_SCHEMA}') AND right(nspname, length(version) + 1) <> '_' || version ORDER BY nspname
  LOOP
    BEGIN
      PERFORM lock_shard_metadata(7, ARRAY[split_part(name, '_', 3)::bigint]);
      EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
      RETURN true;
    EXCEPTION WHEN lock_not_available THEN
      -- The next migration drops them.
      NULL;
    END;
  END LOOP;
  RETURN false;
END
$function$`;

/** SQL that creates the functions for the views of a version. */
export const shardViewFunctions = (version: string): readonly string[] => [
  BEGIN_EPOCH,
  createShardViews(version),
  DROP_SHARD_VIEWS,
  DROP_OLD_SHARD_VIEWS,
];
