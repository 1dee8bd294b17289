import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { DatabaseClient } from '../../src/db/client.ts';
import type { StatementScope } from '../../src/db/distribution/session.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { inWorkspace } from '../../src/db/sql.ts';

/** A statement as it is sent to PostgreSQL. */
export interface Statement {
  /** Set for the application's statements, which are prepared; Prisma's have none. */
  name?: string | undefined;
  text: string;
  values: unknown[];
  /** The rows that it uses, if not those of one workspace. */
  scope?: StatementScope | undefined;
}

/** A statement that takes a second, on the node of a workspace. */
export const slowStatement = Prisma.sql`/* sleep */ SELECT pg_sleep(1) ${inWorkspace(randomUUID())}`;

/** Calls `record` with every statement of every session that starts from now on, BEGIN and COMMIT included. */
export function recordStatements({ pool }: DatabaseClient, record: (statement: Statement) => void): void {
  pool.on('connect', (client) => {
    const query: (...args: unknown[]) => unknown = client.query.bind(client);
    const recording = (...args: unknown[]) => {
      const [statement, values] = args;
      if (typeof statement === 'string') record({ text: statement, values: Array.isArray(values) ? values : [] });
      else if (isStatement(statement)) record({ ...statement, values: statement.values ?? [] });
      return query(...args);
    };
    // The driver's `query` has a dozen overloads, which all start with the statement and its values.
    client.query = recording as PoolClient['query'];
  });
}

function isStatement(value: unknown): value is Omit<Statement, 'values'> & Partial<Statement> {
  return typeof value === 'object' && value !== null && 'text' in value;
}
