import { type Connection, type PoolClient, Query, type QueryConfig, type QueryResult } from 'pg';

/** Maximum duration of a statement of `queryOnce`, in ms. */
export const ONCE_TIMEOUT_MS = 2_000;

/**
 * Sets the settings of a statement that is planned for its own values, until the end of the transaction, and returns no rows.
 * Just-in-time compilation takes longer than most such statements, and parallel workers would let one caller occupy all cores.
 */
const settingsFor = (timeoutMs: number) =>
  `/* queryOnce */ SELECT WHERE ${[
    ['statement_timeout', timeoutMs],
    ['transaction_read_only', 'on'],
    ['jit', 'off'],
    ['max_parallel_workers_per_gather', 0],
  ]
    .map(([name, value]) => `set_config('${name}', '${value}', true) IS NULL`)
    .join(' OR ')}`;

/**
 * Runs a statement of a distributed database with settings of its own, in a transaction: the call that runs it on another node is
 * replaced by the client.
 */
export async function queryOnceDistributed(
  client: PoolClient,
  statement: QueryConfig,
  timeoutMs: number,
): Promise<QueryResult> {
  await client.query(`/* beginQueryOnce */ BEGIN; SET LOCAL statement_timeout TO ${timeoutMs}`);
  try {
    return await client.query(statement);
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The part of the driver's `Query` that its types lack. */
interface DriverQuery extends Query {
  queryMode: 'extended';
  callback(error: Error | null, result: QueryResult): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}

/**
 * Runs an unnamed statement with settings of its own. Both are sent at once, and PostgreSQL executes what precedes a Sync message
 * in one transaction: this takes one round trip, leaves no setting behind, and works behind a connection pooler.
 */
export function queryOnce(client: PoolClient, statement: QueryConfig, timeoutMs: number): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new Query(statement) as DriverQuery;
    // The driver sends a statement without parameters as a simple query otherwise, which would not end the transaction.
    query.queryMode = 'extended';
    const { submit, handleCommandComplete } = query;
    query.callback = (error, result) => (error ? reject(error) : resolve(result));
    query.submit = (connection) => {
      const { stream } = connection;
      stream.cork();
      sendSettings(connection, timeoutMs);
      const error = submit.call(query, connection);
      stream.uncork();
      return error;
    };
    // The first statement to complete is that of the settings.
    query.handleCommandComplete = () => {
      query.handleCommandComplete = handleCommandComplete;
    };
    client.query(query);
  });
}

function sendSettings(connection: Connection, timeoutMs: number): void {
  connection.parse({ text: settingsFor(timeoutMs) });
  connection.bind({});
  connection.execute({});
}
