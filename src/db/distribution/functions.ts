import { createHash } from 'node:crypto';
import { SHARD_SCHEMA, shardViewFunctions } from './shard-views.ts';

/** The function with which gateways run statements of a workspace on the node that has its rows. */
export const RUN_IN_WORKSPACE = 'usergraph_run';

/** Its signature. */
export const RUN_SIGNATURE = `public.${RUN_IN_WORKSPACE}(uuid, text, boolean, text[], integer, json)`;

/** SQL of the condition that a database is distributed. */
export const IS_DISTRIBUTED = `EXISTS (
  SELECT FROM pg_proc WHERE proname = '${RUN_IN_WORKSPACE}' AND pronamespace = to_regnamespace('public'))`;

/** The end of the message with which it fails if the shard is not on its node. */
export const SHARD_MOVED = 'is on another node';

/** The end of the message with which it fails if the shard has no views of its version: `usergraph_create_shard_views` creates them. */
export const SHARD_WITHOUT_VIEWS = 'has no views yet';

/**
 * SQL of the function that runs a statement of a workspace. Citus sends its call to the node that has the shard of the workspace. There,
 * the statement runs on that shard alone, planned by PostgreSQL itself: the names of tables are those of the views of the shard, for
 * trigger functions too.
 *
 * A move of the shard waits for the lock of its metadata, which the transaction keeps. A statement waits while a move switches over, and fails
 * with a serialization failure, which gateways retry, if the shard has gone.
 *
 * The views are those of the version of the function, which each migration replaces: from its commit on, statements use views
 * with the new columns, and no running statement loses its views. If there are none, the statement fails with a serialization failure: they
 * are created in a transaction of their own, since those of a long transaction would make others wait.
 *
 * Applies `settings` to the statement alone. It returns each row as the text of a record, or the number of rows of a statement that returns none.
 */
const runOn = (version: string) => `
CREATE OR REPLACE FUNCTION public.${RUN_IN_WORKSPACE}(
  workspace uuid, statement text, returns_rows boolean, parameters text[], lock_timeout_ms integer, settings json
) RETURNS SETOF text LANGUAGE plpgsql
SET search_path = public SET timezone = 'UTC' SET datestyle = 'ISO' SET lock_timeout = 0
AS $function$
DECLARE
  shard bigint := get_shard_id_for_distribution_column('public.workspaces', workspace);
  own_group integer := (SELECT groupid FROM pg_dist_local_group);
  name text := '${SHARD_SCHEMA}' || shard || '_' || own_group || '_${version}';
  result record;
  affected bigint;
BEGIN
  PERFORM set_config('lock_timeout', lock_timeout_ms::text, true);
  PERFORM lock_shard_metadata(5, ARRAY[shard]);
  IF NOT EXISTS (SELECT FROM pg_dist_placement WHERE shardid = shard AND groupid = own_group) THEN
    RAISE EXCEPTION 'shard % of workspaces ${SHARD_MOVED}', shard USING ERRCODE = 'serialization_failure';
  END IF;
  IF to_regclass(name || '.workspaces') IS NULL THEN
    RAISE EXCEPTION 'shard % of workspaces ${SHARD_WITHOUT_VIEWS}', shard USING ERRCODE = 'serialization_failure';
  END IF;
  PERFORM set_config('search_path', name || ', pg_catalog, public', true);
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

/** SQL that creates the functions of a version on all nodes, or replaces those of another one. */
export const createFunctions = (version: string): readonly string[] => [
  ...shardViewFunctions(version),
  runOn(version),
  delegate(RUN_SIGNATURE),
  delegate('public.usergraph_create_shard_views(uuid)'),
  delegate('public.usergraph_drop_shard_views(uuid, integer)'),
];

/**
 * The version of the functions and of the views, which changes with the columns of the tables and the text of the functions.
 * @param migrations the names of all that are applied.
 */
export function versionAfter(migrations: readonly string[]): string {
  const hash = createHash('sha256').update([...migrations.toSorted(), ...createFunctions('')].join('\n'));
  return hash.digest('hex').slice(0, 12);
}

/** SQL that lets Citus run the calls of a function on the nodes of the workspaces that they name. */
const delegate = (signature: string) =>
  `SELECT create_distributed_function('${signature}', 'workspace', colocate_with := 'workspaces', force_delegation := true)`;
