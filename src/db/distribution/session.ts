import type { CustomTypesConfig, QueryConfig, QueryResult, QueryResultRow, Submittable } from 'pg';

/** The rows that a statement reads or writes, if not those of the workspace that it names. */
export type StatementScope = 'all workspaces' | 'any workspace';

/** A statement as the driver, its pool and Prisma's adapter pass it. */
export interface Statement extends QueryConfig {
  types?: CustomTypesConfig;
  rowMode?: 'array';
  scope?: StatementScope | undefined;
}

/** A session on the node of the gateway, which Citus connects to the other nodes. */
export interface Session {
  /**
   * @param timeoutMs `statement_timeout`; that of the session if omitted.
   * @param settings others of a statement with a timeout; those of the session if omitted.
   */
  send<Row extends QueryResultRow>(
    statement: Statement,
    timeoutMs?: number,
    settings?: Readonly<Record<string, string>>,
  ): Promise<QueryResult<Row>>;
  submit(query: Submittable): void;
  isInTransaction(): boolean;
}
