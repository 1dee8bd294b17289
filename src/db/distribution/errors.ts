import { DatabaseError } from 'pg';
import { RUN_IN_WORKSPACE, SHARD_MOVED, SHARD_WITHOUT_VIEWS } from './functions.ts';

const isRejection = (error: unknown, end: string) =>
  error instanceof DatabaseError && error.code === '40001' && error.message.endsWith(end);

/** Whether a statement was rejected because its shard has moved to another node. It had no effect. */
export const hasShardMoved = (error: unknown) => isRejection(error, SHARD_MOVED);

/** Whether a statement was rejected because its shard has no views yet. It had no effect. */
export const hasShardNoViews = (error: unknown) => isRejection(error, SHARD_WITHOUT_VIEWS);

/**
 * SQLSTATEs of errors that name tables and constraints, but contain no values in quotes: violated constraints (23), a deadlock, a timeout of
 * a lock.
 */
const NAMING_STATE = /^(23...|40P01|55P03)$/;

/** A quoted name with the number of its shard. */
const SHARD_NAME = /"(\w+?)_\d{6,}"/g;

/**
 * Restores the names of tables and constraints in an error of a statement on a shard, and fills in `constraint` and `table`, which Citus
 * does not pass on from other nodes.
 */
export function withoutShards(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  error.where = withoutCall(error.where);
  if (!NAMING_STATE.test(error.code ?? '')) return error;
  const strip = (text: string) => text.replaceAll(SHARD_NAME, '"$1"');
  const nameOf = (field: string | undefined, pattern: RegExp) =>
    field === undefined ? pattern.exec(error.message)?.[1] : strip(`"${field}"`).slice(1, -1);
  error.message = strip(error.message);
  error.detail = error.detail && strip(error.detail);
  error.where = error.where && strip(error.where);
  error.constraint = nameOf(error.constraint, /constraint "([^"]+)"/);
  error.table = nameOf(error.table, /(?:relation|table) "([^"]+)"/);
  return error;
}

const CALL = new RegExp(`^PL/pgSQL function (public\\.)?${RUN_IN_WORKSPACE}\\(`, 'm');

/** The context of an error, from the innermost function, until the statement and the call that ran it. */
function withoutCall(where = ''): string | undefined {
  const call = CALL.exec(where);
  if (!call) return where || undefined;
  const context = where.slice(0, call.index);
  // The statement is quoted, unless its rows were being read.
  const end = context.endsWith('"\n') ? context.lastIndexOf('SQL statement "') : context.length;
  return context.slice(0, end).trimEnd() || undefined;
}
