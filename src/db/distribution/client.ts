/// <reference path="../pg-utils.d.ts" />
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import {
  type Client,
  type Connection,
  DatabaseError,
  types as driverTypes,
  type FieldDef,
  type QueryConfig,
  type QueryResult,
  type Submittable,
} from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import { isUnavailable } from '../errors.ts';
import { SHARD_MOVED } from './functions.ts';
import { callOf, literalTextOf, parseRecord, shardTextOf, workspaceParameterOf } from './routed-statement.ts';

type ClientClass = typeof Client;
type Callback = (error: Error | undefined, result?: QueryResult) => void;
/** A statement as the driver, its pool and Prisma's adapter pass it. */
type Statement = QueryConfig & { rowMode?: 'array'; scope?: StatementScope };

/** The rows that a statement reads or writes, if not those of the workspace that it names. */
export type StatementScope = 'all workspaces' | 'any workspace';

/** Marks the clients of distributed databases. */
const distributed = Symbol('distributed');

/** Whether the database of a client is distributed. */
export const isDistributed = (client: object): boolean => distributed in client;

/** What a statement is run as on the node of a shard. */
interface Routed {
  /** The columns of its rows; undefined if it returns none. */
  fields: readonly FieldDef[] | undefined;
  /** The text for the shard. */
  text: string;
}

/** Maximum number of parameters that are passed as an array. */
const MAX_ARRAY_PARAMETERS = 100;

/** How often, and with which delay in ms, a node is asked again for a shard that has moved: until it knows the move. */
const MAX_ATTEMPTS = 20;
const ATTEMPT_DELAY_MS = 50;

/** An id for each shard that a workspace of that shard could have. A thousand random ids miss one of 64 shards once in 100,000 times. */
const ONE_WORKSPACE_PER_SHARD = `/* findShards */
  SELECT DISTINCT ON (shard) id FROM (
    SELECT id, get_shard_id_for_distribution_column('public.workspaces', id) AS shard
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 1000)) AS ids
  ) AS shards`;

/** Maximum number of characters of the texts whose descriptions are kept; those of filters are unlimited. */
const MAX_TEXT_SIZE = 4_000_000;

/**
 * Returns a client class of the driver for a distributed database. A statement that names its workspace by a parameter runs on the node
 * that has the workspace's rows, and its result is that of the statement. All others are planned by Citus.
 * @param lockTimeoutMs of the sessions on other nodes, which do not have the settings of this one.
 */
export function distributedClientOf(base: ClientClass, lockTimeoutMs: number): ClientClass {
  const texts = new LRUCache<string, Routed>({
    maxSize: MAX_TEXT_SIZE,
    sizeCalculation: (routed, text) => text.length + routed.text.length,
  });
  const typeNames = new Map<number, string>();

  return class extends base {
    readonly [distributed] = true;

    // The driver has a dozen overloads, which all start with the statement and its values.
    override query(...args: unknown[]): never {
      const { statement, callback } = toStatement(args);
      const session: Session = {
        send: super.query.bind(this) as Session['send'],
        isInTransaction: () => this.getTransactionStatus() !== 'I',
      };
      // A statement of the driver itself, such as a Close message.
      if (!statement) return (super.query as (...passed: unknown[]) => unknown).apply(this, args) as never;
      const result = (route(statement, session) ?? session.send(statement)).catch(throwWithoutShards);
      if (!callback) return result as never;
      result.then(
        (rows) => callback(undefined, rows),
        (error: Error) => callback(error),
      );
      return undefined as never;
    }
  } as ClientClass;

  /** Runs a statement on the nodes of its workspaces; undefined for statements that Citus plans. */
  function route(statement: Statement, session: Session): Promise<QueryResult> | undefined {
    if (statement.scope === 'all workspaces') return runOnAllShards(statement, session);
    if (statement.scope === 'any workspace') return runOnAnyShard(statement, session);
    const place = workspaceParameterOf(statement.text);
    const workspace = place === undefined ? null : toText(statement.values?.[place]);
    return workspace === null ? undefined : runUntilFound(workspace, statement, session);
  }

  async function runOnAllShards(statement: Statement, session: Session): Promise<QueryResult> {
    const { rows: shards } = await session.send({ text: ONE_WORKSPACE_PER_SHARD });
    const results: QueryResult[] = [];
    for (const { id } of shards as { id: string }[]) results.push(await runUntilFound(id, statement, session));
    const rows = results.flatMap((result) => result.rows);
    const rowCount = results.reduce((sum, result) => sum + (result.rowCount ?? 0), 0);
    return { command: '', oid: 0, fields: [], ...results[0], rows, rowCount };
  }

  /** Lets Citus ask all nodes at once; if one is down, asks the shards of the others. */
  async function runOnAnyShard(statement: Statement, session: Session): Promise<QueryResult> {
    try {
      return await session.send(statement);
    } catch (error) {
      if (session.isInTransaction() || !isUnavailable(error)) throw error;
      const { rows: shards } = await session.send({ text: ONE_WORKSPACE_PER_SHARD });
      for (const { id } of shards as { id: string }[]) {
        const found = await runUntilFound(id, statement, session).catch(() => undefined);
        if (found?.rows.length) return found;
      }
      throw error;
    }
  }

  /**
   * Runs a statement, and again if its shard has just moved to another node: it had no effect. A transaction fails, and its caller
   * repeats it.
   */
  async function runUntilFound(workspace: string, statement: Statement, session: Session): Promise<QueryResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await runFor(workspace, statement, session);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || session.isInTransaction() || !hasShardMoved(error)) throw error;
        await delay(ATTEMPT_DELAY_MS);
      }
    }
  }

  async function runFor(workspace: string, statement: Statement, { send }: Session): Promise<QueryResult> {
    const routed = texts.get(statement.text) ?? (await describe(statement.text, send));
    const parameters = (statement.values ?? []).map(toText);
    const isLong = parameters.length > MAX_ARRAY_PARAMETERS;
    const text = isLong ? literalTextOf(routed.text, parameters) : routed.text;
    const { rows } = await send({
      text: callOf(statement.text),
      values: [workspace, text, routed.fields !== undefined, isLong ? [] : parameters, lockTimeoutMs],
      rowMode: 'array',
    } as Statement);
    return toResult(statement, routed, rows as unknown as string[][]);
  }

  async function describe(text: string, send: Session['send']): Promise<Routed> {
    const { fields, parameterTypes } = await new Promise<Description>((resolve, reject) => {
      void send(new DescribeStatement(text, resolve, reject));
    });
    const unknown = parameterTypes.filter((oid) => !typeNames.has(oid));
    if (unknown.length > 0) {
      const { rows } = await send({
        text: '/* nameTypes */ SELECT oid::int8::int, format_type(oid, NULL) AS name FROM unnest($1::oid[]) AS oid',
        values: [unknown],
      });
      for (const { oid, name } of rows as { oid: number; name: string }[]) typeNames.set(oid, name);
    }
    const names = parameterTypes.map((oid) => typeNames.get(oid) ?? 'text');
    const routed = { fields, text: shardTextOf(text, names) };
    texts.set(text, routed);
    return routed;
  }
}

/** The driver's connection. */
interface Session {
  send(statement: QueryConfig | Submittable): Promise<QueryResult>;
  isInTransaction(): boolean;
}

const hasShardMoved = (error: unknown) =>
  error instanceof DatabaseError && error.code === '40001' && error.message.endsWith(SHARD_MOVED);

/** The arguments of the driver's `query`; no statement if it is an object that submits itself. */
function toStatement([first, second, third]: unknown[]): { statement?: Statement; callback?: Callback | undefined } {
  const callback = [second, third].find((argument) => typeof argument === 'function') as Callback | undefined;
  const values = Array.isArray(second) ? second : undefined;
  if (typeof first === 'string') return { statement: { text: first, ...(values && { values }) }, callback };
  if (typeof first !== 'object' || first === null || !('text' in first) || 'submit' in first) return { callback };
  const statement = first as Statement;
  return { statement: values ? { ...statement, values } : statement, callback };
}

function toText(value: unknown): string | null {
  const prepared = prepareValue(value);
  return Buffer.isBuffer(prepared) ? `\\x${prepared.toString('hex')}` : prepared;
}

function toResult(
  { types = driverTypes, rowMode }: Statement,
  { fields }: Routed,
  rows: readonly string[][],
): QueryResult {
  const result = { command: '', oid: 0, fields: [...(fields ?? [])] };
  if (!fields) return { ...result, rowCount: Number(rows[0]?.[0] ?? 0), rows: [] };
  const parsers = fields.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown);
  const parsed = rows.map(([record = '()']) =>
    parseRecord(record).map((text, column) => (text === null ? null : parsers[column]?.(text))),
  );
  const shaped =
    rowMode === 'array'
      ? parsed
      : parsed.map((values) => Object.fromEntries(fields.map(({ name }, column) => [name, values[column]])));
  return { ...result, rowCount: rows.length, rows: shaped };
}

const SHARD_SUFFIX = /(?<=[a-z])_\d{6,}\b/g;

function throwWithoutShards(error: unknown): never {
  throw error instanceof DatabaseError ? withoutShards(error) : error;
}

/** Restores the names of tables and constraints in an error, and what it lacks if it came from another node. */
function withoutShards(error: DatabaseError): DatabaseError {
  const strip = (text: string | undefined) => text?.replaceAll(SHARD_SUFFIX, '');
  error.message = strip(error.message) ?? '';
  error.detail = strip(error.detail);
  error.constraint = strip(error.constraint) ?? /constraint "([^"]+)"/.exec(error.message)?.[1];
  error.table = strip(error.table) ?? /(?:relation|table) "([^"]+)"/.exec(error.message)?.[1];
  error.where = whereOf(strip(error.where));
  return error;
}

/** The context of an error without the lines of the call. */
function whereOf(where: string | undefined): string | undefined {
  const lines = where
    ?.split('\n')
    .filter(
      (line) =>
        !/^(PL\/pgSQL function (public\.)?usergraph_run\(|while executing command on |SQL statement "\/\*)/.test(line),
    );
  return lines?.join('\n') || undefined;
}

interface Description {
  fields: readonly FieldDef[] | undefined;
  parameterTypes: readonly number[];
}

/** Asks PostgreSQL for the types of the parameters and columns of a statement. */
class DescribeStatement implements Submittable {
  readonly #text: string;
  readonly #resolve: (description: Description) => void;
  readonly #reject: (error: unknown) => void;
  #fields: readonly FieldDef[] | undefined;
  #parameterTypes: readonly number[] = [];

  constructor(text: string, resolve: (description: Description) => void, reject: (error: unknown) => void) {
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): null {
    connection.once('parameterDescription', ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
      this.#parameterTypes = dataTypeIDs;
    });
    connection.parse({ text: this.#text });
    connection.describe({ type: 'S', name: '' });
    connection.sync();
    return null;
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#fields = fields;
  }

  handleReadyForQuery(): void {
    this.#resolve({ fields: this.#fields, parameterTypes: this.#parameterTypes });
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }
}
