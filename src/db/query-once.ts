import { Query, type QueryConfig, type QueryResult } from 'pg';

/** Maximum duration of a statement of `queryOnce`, in ms. */
export const ONCE_TIMEOUT_MS = 2_000;

/**
 * Settings of a statement that is planned for its own values, besides its timeout. Just-in-time compilation takes longer than most such
 * statements, and parallel workers would let one caller occupy all cores.
 */
export const ONCE_SETTINGS = { transaction_read_only: 'on', jit: 'off', max_parallel_workers_per_gather: '0' };

/** Sets settings until the end of the transaction, and returns no rows. */
const setConfigSql = (settings: Readonly<Record<string, string>>) =>
  `/* queryOnce */ SELECT WHERE ${Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', true) IS NULL`)
    .join(' OR ')}`;

/** Receives the outcome of a statement from the driver. */
export type QueryCallback = (error: Error | null, result?: QueryResult) => void;

declare module 'pg' {
  /** What the types of the driver lack. */
  interface Query {
    queryMode: 'extended';
    callback: QueryCallback;
    handleCommandComplete(message: unknown, connection: Connection): void;
  }
}

const { submit, handleCommandComplete } = Query.prototype;

/**
 * An unnamed statement with settings of its own. Both are sent at once, and PostgreSQL executes what precedes a Sync message in one
 * transaction: this takes one round trip, leaves no setting behind, and works behind a connection pooler.
 */
export class OnceQuery extends Query {
  readonly statement: QueryConfig;
  readonly timeoutMs: number;

  constructor(
    statement: QueryConfig,
    timeoutMs: number,
    settings: Readonly<Record<string, string>>,
    callback: QueryCallback,
  ) {
    super(statement);
    this.statement = statement;
    this.timeoutMs = timeoutMs;
    this.callback = callback;
    // The driver sends a statement without parameters as a simple query otherwise, which would not end the transaction.
    this.queryMode = 'extended';
    this.submit = (connection) => {
      const { stream } = connection;
      stream.cork();
      connection.parse({ text: setConfigSql({ statement_timeout: String(timeoutMs), ...settings }) });
      connection.bind({});
      connection.execute({});
      const error = submit.call(this, connection);
      stream.uncork();
      return error;
    };
    // The first statement to complete is that of the settings.
    this.handleCommandComplete = () => {
      this.handleCommandComplete = handleCommandComplete;
    };
  }
}

/**
 * Runs a statement with settings of its own, which end with it.
 * @param timeoutMs `statement_timeout`.
 */
export function queryOnce(
  client: { query(query: OnceQuery): unknown },
  statement: QueryConfig,
  timeoutMs: number,
  settings: Readonly<Record<string, string>> = ONCE_SETTINGS,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const finish: QueryCallback = (error, result) => (result ? resolve(result) : reject(error));
    client.query(new OnceQuery(statement, timeoutMs, settings, finish));
  });
}
