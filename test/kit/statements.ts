import type { PoolClient } from 'pg';
import type { DatabaseClient } from '../../src/db/client.ts';

/** A statement as it is sent to PostgreSQL. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** Calls `record` with every statement of every session that starts from now on, BEGIN and COMMIT included. */
export function recordStatements({ pool }: DatabaseClient, record: (statement: Statement) => void): void {
  pool.on('connect', (client) => {
    const query: (...args: unknown[]) => unknown = client.query.bind(client);
    const recording = (...args: unknown[]) => {
      const [statement, values] = args;
      if (typeof statement === 'string') record({ text: statement, values: Array.isArray(values) ? values : [] });
      else if (isStatement(statement)) record({ text: statement.text, values: statement.values ?? [] });
      return query(...args);
    };
    // The driver's `query` has a dozen overloads, which all start with the statement and its values.
    client.query = recording as PoolClient['query'];
  });
}

function isStatement(value: unknown): value is { text: string; values?: unknown[] } {
  return typeof value === 'object' && value !== null && 'text' in value;
}
