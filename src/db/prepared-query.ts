/// <reference path="./pg-utils.d.ts" />
import type { Connection, CustomTypesConfig, FieldDef, PoolClient, Submittable } from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import type { StatementScope } from './distribution/session.ts';
import type { Prepared } from './prepared-statements.ts';

/** The rows of a statement, and how many it returned or changed; null for a statement that has no such number. */
export interface StatementResult {
  rows: unknown[];
  rowCount: number | null;
}

/**
 * Runs a prepared statement. Only the first execution asks PostgreSQL to describe the rows, which all executions of a statement have
 * in common: the driver's own `Query` does so each time, and parses the description again (docs/performance-steps.md). If a
 * migration changes the rows, PostgreSQL rejects the statement, with or without a description.
 */
export function queryPrepared(
  client: PoolClient,
  prepared: Prepared,
  values: readonly unknown[],
  types: CustomTypesConfig,
  scope?: StatementScope,
): Promise<StatementResult> {
  return new Promise((resolve, reject) => {
    client.query(new PreparedQuery(prepared, values, types, scope, resolve, reject));
  });
}

/** A query as the driver's client calls it. */
class PreparedQuery implements Submittable {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** For the tests, which check that a statement without it names its workspace. */
  readonly scope: StatementScope | undefined;
  readonly #prepared: Prepared;
  readonly #parameters: readonly (string | Buffer | null)[];
  readonly #types: CustomTypesConfig;
  readonly #resolve: (result: StatementResult) => void;
  readonly #reject: (error: unknown) => void;
  readonly #rows: unknown[] = [];
  #rowCount: number | null = null;
  /** Why a row could not be parsed. The remaining messages of the statement are received, so that the connection stays usable. */
  #parseError: unknown;

  constructor(
    prepared: Prepared,
    values: readonly unknown[],
    types: CustomTypesConfig,
    scope: StatementScope | undefined,
    resolve: (result: StatementResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.name = prepared.name;
    this.text = prepared.text;
    this.#prepared = prepared;
    this.values = values;
    this.scope = scope;
    this.#parameters = values.map(prepareValue);
    this.#types = types;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): null {
    const { name, text } = this;
    const { stream, parsedStatements, submittedNamedStatements } = connection;
    stream.cork();
    try {
      if (parsedStatements[name] === undefined && submittedNamedStatements[name] === undefined) {
        connection.parse({ name, text });
        submittedNamedStatements[name] = text;
      }
      connection.bind({ statement: name, values: this.#parameters });
      if (!this.#prepared.format) connection.describe({ type: 'P' });
      connection.execute({});
      connection.sync();
    } finally {
      stream.uncork();
    }
    return null;
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#prepared.format = {
      template: Object.fromEntries(fields.map(({ name }) => [name, null])),
      columns: fields.map(({ name, dataTypeID }) => ({ name, parse: this.#types.getTypeParser(dataTypeID, 'text') })),
    };
  }

  handleDataRow({ fields: texts }: { fields: readonly (string | null)[] }): void {
    const { format } = this.#prepared;
    if (this.#parseError !== undefined || !format) return;
    try {
      const row: Record<string, unknown> = { ...format.template };
      let place = 0;
      for (const { name, parse } of format.columns) {
        const text = texts[place++];
        if (text != null) row[name] = parse(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#parseError = error;
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    // Such as "SELECT 3" and "INSERT 0 3".
    const count = Number.parseInt(text.slice(text.lastIndexOf(' ') + 1), 10);
    this.#rowCount = Number.isNaN(count) ? null : count;
  }

  handleReadyForQuery(): void {
    if (this.#parseError === undefined) this.#resolve({ rows: this.#rows, rowCount: this.#rowCount });
    else this.#reject(this.#parseError);
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  /** For an empty statement, which has no other end. */
  handleEmptyQuery(): void {}

  /** Only with a maximum number of rows, which is not used. */
  handlePortalSuspended(): void {}

  /** COPY is not sent as a prepared statement. */
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}
