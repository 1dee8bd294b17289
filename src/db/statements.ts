import { type CustomTypesConfig, types as driverTypes, type PoolClient, type QueryConfig, type QueryResult } from 'pg';
import { connectionChannel, report, statementChannel } from '../telemetry/channels.ts';
import type { Statement, StatementScope } from './distribution/session.ts';
import { isRejectedByPostgres, isStatementTimeout, QueryTimeoutError } from './errors.ts';
import { Prisma } from './generated/client.ts';
import type { AvailableIndexes } from './indexes/catalogue.ts';
import { queryPrepared, type StatementResult } from './prepared-query.ts';
import { prepare } from './prepared-statements.ts';
import { ONCE_TIMEOUT_MS, queryOnce } from './query-once.ts';
import { toInstant } from './reading/instant.ts';

/** A statement: a tagged template, or built with `Prisma.sql`. */
type Query = TemplateStringsArray | Prisma.Sql;

/**
 * Runs statements that only read. A function that reads for queries takes this type, so that its statements can run on a
 * replica. A `WriteDb` is accepted too: reads of a mutation use the primary.
 */
export interface ReadDb {
  /** Returns the rows of a statement. */
  query<Rows = unknown>(query: Query, ...values: unknown[]): Promise<Rows>;
  /**
   * Returns the rows of a statement whose text a caller has determined, such as a filter. It is not kept as a prepared statement,
   * is planned for its own values, and has a timeout of its own. @param timeoutMs `ONCE_TIMEOUT_MS` by default.
   */
  queryOnce<Rows = unknown>(statement: Prisma.Sql, timeoutMs?: number): Promise<Rows>;
  /** The indexes that filters can use; the standard ones if omitted. */
  readonly indexes?: AvailableIndexes;
}

/** Marks handles of the primary. Not exported: a `WriteDb` is made by this module, or from one that is. */
const isPrimary: unique symbol = Symbol('isPrimary');

/**
 * Runs statements on the primary. A function that writes takes this type, and so does one whose read must not miss a write
 * that has just been committed. A `ReadDb` is not assignable to it.
 */
export interface WriteDb extends ReadDb {
  readonly [isPrimary]: true;
  /** Returns the number of rows that a statement changed. */
  execute(query: Query, ...values: unknown[]): Promise<number>;
  /**
   * Returns the rows of a statement on the rows of all workspaces. On a distributed database, it runs once for each shard, which has some
   * of the workspaces, and the rows of all shards are returned: an order, a limit and an aggregate apply to each shard. Outside of a
   * transaction, it runs on the other shards too if one fails. @throws the first error.
   */
  queryAllWorkspaces<Rows extends readonly unknown[]>(query: Query, ...values: unknown[]): Promise<Rows>;
  /**
   * Returns the rows of a statement that finds its workspace by something other than its id. On a distributed database, nodes that are down
   * are left out if another one has a row.
   */
  queryAnyWorkspace<Rows extends readonly unknown[]>(query: Query, ...values: unknown[]): Promise<Rows>;
  /** Returns the number of rows that a statement on the rows of all workspaces changed; like `queryAllWorkspaces`. */
  executeAllWorkspaces(query: Query, ...values: unknown[]): Promise<number>;
}

/** The driver would format a `Date` with the machine's UTC offset in minutes, but historical offsets include seconds. */
const toParameter = (value: unknown) => (value instanceof Date ? value.toISOString() : value);

/** Parses what PostgreSQL sends as the driver does, except for instants, which stay text. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === driverTypes.builtins.TIMESTAMPTZ ? toInstant : driverTypes.getTypeParser(oid, format),
};

/** A pool, or a workspace's share of one. */
export interface Connections {
  /** Reserves a connection until it is released. */
  connect(): Promise<PoolClient>;
}

/**
 * Runs each statement on a connection of its own, directly through the driver; docs/performance-steps.md compares that with
 * Prisma's raw queries.
 * @param prepared false if a connection pooler cannot keep prepared statements.
 */
export function statementsOn(connections: Connections, prepared: boolean): WriteDb {
  return handleOf({
    send: (statement, scope) => withConnection(connections, (client) => run(client, statement, prepared, scope)),
    sendOnce: (statement, timeoutMs) => withConnection(connections, (client) => runOnce(client, statement, timeoutMs)),
  });
}

/** Reserves a connection, and reports the wait for it. */
export function acquire(connections: Connections): Promise<PoolClient> {
  return report(
    connectionChannel,
    () => ({}),
    () => connections.connect(),
  );
}

/** Runs a statement on a connection and releases it; closes the connection, with the error as the reason, if it cannot be reused. */
export async function withConnection<Result>(
  connections: Connections,
  send: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await acquire(connections);
  let reason: Error | undefined;
  try {
    return await send(client);
  } catch (error) {
    if (!isRejectedByPostgres(error)) reason = error as Error;
    throw error;
  } finally {
    client.release(reason);
  }
}

/** Runs statements on one connection, which the caller releases. @param prepared as for `statementsOn`. */
export function statementsOnClient(client: PoolClient, prepared: boolean): WriteDb {
  return handleOf({
    send: (statement, scope) => run(client, statement, prepared, scope),
    // The transaction of the client has begun; its timeout applies.
    sendOnce: (statement) => run(client, statement, false),
  });
}

interface Senders {
  send(statement: Prisma.Sql, scope?: StatementScope): Promise<StatementResult>;
  sendOnce(statement: Prisma.Sql, timeoutMs: number): Promise<StatementResult>;
}

function handleOf({ send, sendOnce }: Senders): WriteDb {
  const toSql = (query: Query, values: unknown[]) => ('text' in query ? query : Prisma.sql(query, ...values));
  return {
    [isPrimary]: true,
    // The author of a statement knows the type of its rows.
    query: async (query, ...values) => (await send(toSql(query, values))).rows as never,
    queryOnce: async (statement, timeoutMs = ONCE_TIMEOUT_MS) => (await sendOnce(statement, timeoutMs)).rows as never,
    execute: async (query, ...values) => (await send(toSql(query, values))).rowCount ?? 0,
    queryAllWorkspaces: async (query, ...values) => (await send(toSql(query, values), 'all workspaces')).rows as never,
    queryAnyWorkspace: async (query, ...values) => (await send(toSql(query, values), 'any workspace')).rows as never,
    executeAllWorkspaces: async (query, ...values) =>
      (await send(toSql(query, values), 'all workspaces')).rowCount ?? 0,
  };
}

/**
 * The label of a statement: the comment with which its text begins. PostgreSQL shows it in its log, in `pg_stat_activity` and
 * in `pg_stat_statements`; the log of this process shows it with each error of the statement.
 * @returns undefined for a statement without a label, which fails the tests (test/unit/db/statement-labels.test.ts).
 */
export function labelOf(text: string): string | undefined {
  return /\/\* ([\w ]+) \*\//.exec(text)?.[1];
}

async function run(
  client: PoolClient,
  { text, values }: Prisma.Sql,
  prepared: boolean,
  scope?: StatementScope,
): Promise<StatementResult> {
  const parameters = values.map(toParameter);
  return runLabeled(text, async () => {
    if (!prepared) {
      const statement: Statement = { text, values: parameters, types, scope };
      return await client.query(statement);
    }
    const statement = prepare(client, text);
    return await queryPrepared(
      client,
      statement instanceof Promise ? await statement : statement,
      parameters,
      types,
      scope,
    );
  });
}

function runOnce(client: PoolClient, { text, values }: Prisma.Sql, timeoutMs: number): Promise<StatementResult> {
  return runLabeled(text, async () => {
    try {
      return await queryOnce(client, { text, values: values.map(toParameter), types }, timeoutMs);
    } catch (error) {
      throw isStatementTimeout(error) ? new QueryTimeoutError(timeoutMs) : error;
    }
  });
}

/** Runs a statement of the driver, whose text begins with a label, on a connection of its own. */
export function queryLabeled(connections: Connections, statement: QueryConfig): Promise<QueryResult> {
  return withConnection(connections, (client) => runLabeled(statement.text, () => client.query(statement)));
}

/** Begins or ends a transaction, and reports that as a statement: a commit waits for disks and synchronous standbys. */
export async function controlTransaction(client: PoolClient, command: keyof typeof COMMANDS): Promise<void> {
  const text = COMMANDS[command];
  await runLabeled(text, () => client.query(text));
}

const COMMANDS = { BEGIN: '/* begin */ BEGIN', COMMIT: '/* commit */ COMMIT', ROLLBACK: '/* rollback */ ROLLBACK' };

/** Reports a statement, and adds its label to its error. */
async function runLabeled<Result>(text: string, send: () => Promise<Result>): Promise<Result> {
  try {
    return await report(statementChannel, () => ({ label: labelOf(text) ?? 'unlabeled' }), send);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { statement: labelOf(text) }) : error;
  }
}
