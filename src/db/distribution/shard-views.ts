/** The prefix of the schemas with the views of one shard. */
export const SHARD_SCHEMA = 'usergraph_shard_';

/** The table of the epochs of each shard. It exists in distributed databases only. */
export const EPOCHS_TABLE = 'shard_epochs';

/**
 * SQL that creates the table of epochs. An epoch of a shard is the time that it spends on one server. Servers do not agree on transaction ids
 * and sequences, by which the log of changes is ordered: the epoch times `EPOCH_SIZE` is added to both, so that those of a later epoch
 * are higher.
 */
export const CREATE_EPOCHS_TABLE = `
CREATE TABLE IF NOT EXISTS public.${EPOCHS_TABLE} (
  workspace_id uuid NOT NULL,
  epoch bigint NOT NULL,
  system_identifier bigint NOT NULL,
  PRIMARY KEY (workspace_id, epoch)
)`;

/** More transactions than a server assigns in 50 years at 10,000 a second: 2 ^ 44. A bigint has room for 500,000 epochs. */
const EPOCH_SIZE = 2 ** 44;

/** Each node has its own range of a sequence, of this size. Citus begins it with the number of the node's group. */
const SEQUENCE_RANGE = 2 ** 48;

/**
 * SQL of the function that creates the views of a shard of `workspaces` on the node that has it: one for each distributed table, with
 * the table's name, on the shard of that table with the same workspaces. Citus creates, moves and drops the shards; their views
 * are created by the first statement that needs them, and PostgreSQL drops them with the shard.
 *
 * The schema also has its own `pg_current_xact_id` and `pg_current_snapshot`, which add the base of the epoch, as the default of `changes.seq`
 * does. The shard gets a new epoch if its last one was on another server: views are created before any other statement on the shard.
 */
export const CREATE_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_create_shard_views(name text, shard bigint, workspace uuid) RETURNS void LANGUAGE plpgsql
SET search_path = public SET citus.override_table_visibility = off SET citus.enable_ddl_propagation = off SET client_min_messages = warning
AS $function$
DECLARE
  relation record;
  generated record;
  epochs text;
  epoch bigint;
  server bigint := (SELECT system_identifier FROM pg_control_system());
  last_server bigint;
  base text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('${SHARD_SCHEMA}' || shard, 0));
  IF to_regclass(name || '.workspaces') IS NOT NULL THEN RETURN; END IF;
  -- What is left of the schema of a shard that has returned.
  EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
  EXECUTE format('CREATE SCHEMA %I', name);

  SELECT shard_name(logicalrelid, shardid) INTO epochs FROM pg_dist_shard
  WHERE logicalrelid = 'public.${EPOCHS_TABLE}'::regclass
    AND shardminvalue = (SELECT shardminvalue FROM pg_dist_shard WHERE shardid = shard);
  EXECUTE format('SELECT epoch, system_identifier FROM public.%s ORDER BY epoch DESC LIMIT 1', epochs) INTO epoch, last_server;
  IF last_server IS DISTINCT FROM server THEN
    epoch := coalesce(epoch, 0) + 1;
    EXECUTE format('INSERT INTO public.%s (workspace_id, epoch, system_identifier) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', epochs)
      USING workspace, epoch, server;
  END IF;
  base := (epoch * ${EPOCH_SIZE})::text;
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
    -- Its view is the last one, since its existence shows that there are all.
    ORDER BY class.relname = 'workspaces', class.relname
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
 * SQL of the function that drops the views of the shard of a workspace, before a migration changes their columns in its transaction. As for a
 * move of the shard, other statements on it wait, before they look for its views.
 */
export const DROP_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_drop_shard_views(workspace uuid) RETURNS void LANGUAGE plpgsql
SET search_path = public SET citus.enable_ddl_propagation = off SET client_min_messages = warning SET lock_timeout = '1s'
AS $function$
DECLARE
  shard bigint := get_shard_id_for_distribution_column('public.workspaces', workspace);
  name text;
BEGIN
  PERFORM lock_shard_metadata(7, ARRAY[shard]);
  FOR name IN
    SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '${SHARD_SCHEMA}' || shard || '_') ORDER BY nspname
  LOOP
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
  END LOOP;
END
$function$`;

/** SQL of the function that drops the views of other versions on a node, except those in use. */
export const DROP_OLD_SHARD_VIEWS = `
CREATE OR REPLACE FUNCTION public.usergraph_drop_old_shard_views(version text) RETURNS void LANGUAGE plpgsql
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
      EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
    EXCEPTION WHEN lock_not_available THEN
      -- The next migration drops them.
      NULL;
    END;
  END LOOP;
END
$function$`;
