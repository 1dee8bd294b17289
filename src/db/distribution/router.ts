import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError, type QueryResult } from 'pg';
import { isUnavailable } from '../errors.ts';
import { ONCE_SETTINGS } from '../query-once.ts';
import { RoutedStatements } from './describe-statement.ts';
import { hasShardMoved, hasShardNoViews } from './errors.ts';
import { RUN_IN_WORKSPACE } from './functions.ts';
import { callOf, literalTextOf, toResult, toText, workspaceParameterOf } from './routed-statement.ts';
import type { Session, Statement } from './session.ts';
import { readShards, type Shard } from './shards.ts';

/** Maximum number of parameters that are passed as an array. */
const MAX_ARRAY_PARAMETERS = 100;

/** Attempts, and delay in ms between them, until a node has the metadata of a moved shard. */
const MAX_ATTEMPTS = 20;
const ATTEMPT_DELAY_MS = 50;

/**
 * Maximum durations in ms of a statement of any workspace: on all nodes, on one shard if a node is down, and on all shards together. They end
 * before the deadline of a request.
 */
const ANY_TIMEOUT_MS = 2_000;
const ANY_SHARD_TIMEOUT_MS = 1_500;
const ANY_SHARDS_MS = 4_000;

/** Runs statements on the nodes that have the rows of their workspaces. */
export class Router {
  readonly #lockTimeoutMs: number;
  readonly #statements = new RoutedStatements();
  /** Their number does not change. */
  #shards: Promise<Shard[]> | undefined;
  /** Workspaces whose shards had no views for a statement of a transaction, which its caller repeats. */
  readonly #withoutViews = new Set<string>();

  /** @param lockTimeoutMs of the sessions on other nodes. */
  constructor(lockTimeoutMs: number) {
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** @param timeoutMs as for `queryOnce`; the settings of the session if omitted. */
  async run(statement: Statement, session: Session, timeoutMs?: number): Promise<QueryResult> {
    if (this.#withoutViews.size > 0 && !session.isInTransaction()) {
      for (const workspaceId of this.#withoutViews) await createViews(workspaceId, session);
      this.#withoutViews.clear();
    }
    if (statement.scope === 'all workspaces') return this.#runOnAllShards(statement, session);
    if (statement.scope === 'any workspace') return this.#runOnAnyShard(statement, session);
    const place = workspaceParameterOf(statement.text);
    const workspaceId = place === undefined ? null : toText(statement.values?.[place]);
    if (workspaceId === null) return session.send(statement, timeoutMs, ONCE_SETTINGS);
    return this.#runInWorkspace(workspaceId, statement, session, timeoutMs);
  }

  /** Runs a statement on one shard after the other. @throws the first error, after the statement has run on the others. */
  async #runOnAllShards(statement: Statement, session: Session): Promise<QueryResult> {
    const results: QueryResult[] = [];
    const errors: unknown[] = [];
    try {
      for await (const { result, error } of this.#eachShard(statement, session)) {
        if (result) results.push(result);
        else errors.push(error);
      }
    } catch (error) {
      errors.push(error);
    }
    if (errors.length > 0) throw errors[0];
    const rows = results.flatMap((result) => result.rows);
    const rowCount = results.reduce((sum, result) => sum + (result.rowCount ?? 0), 0);
    return { command: '', oid: 0, fields: [], ...results[0], rows, rowCount };
  }

  /** Lets Citus ask all nodes at once; if one is down, asks the shards of the others. */
  async #runOnAnyShard(statement: Statement, session: Session): Promise<QueryResult> {
    if (session.isInTransaction()) return session.send(statement);
    try {
      return await session.send(statement, ANY_TIMEOUT_MS);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      const deadline = performance.now() + ANY_SHARDS_MS;
      for await (const shard of this.#eachShard(statement, session, ANY_SHARD_TIMEOUT_MS)) {
        if (shard.result?.rows.length) return shard.result;
        if (shard.error !== undefined && !isUnavailable(shard.error)) throw shard.error;
        if (performance.now() > deadline) break;
      }
      throw error;
    }
  }

  /**
   * Runs a statement on one shard after the other, outside of a transaction also after an error of PostgreSQL. Skips the other shards of a
   * node that does not answer.
   */
  async *#eachShard(
    statement: Statement,
    session: Session,
    timeoutMs?: number,
  ): AsyncGenerator<{ result?: QueryResult; error?: unknown }> {
    const skipped = new Set<string>();
    for (const { id, workspaceId } of await this.#findShards(session)) {
      if (skipped.has(id)) continue;
      try {
        yield { result: await this.#runInWorkspace(workspaceId, statement, session, timeoutMs) };
      } catch (error) {
        if (session.isInTransaction() || !(error instanceof DatabaseError)) throw error;
        if (isNodeDown(error)) for (const other of await readShardsBeside(id, session)) skipped.add(other);
        yield { error };
      }
    }
  }

  #findShards(session: Session): Promise<Shard[]> {
    this.#shards ??= readShards((text) => session.send({ text })).catch((error) => {
      this.#shards = undefined;
      throw error;
    });
    return this.#shards;
  }

  /**
   * Runs a statement. Retries it if its shard has just moved or has no views yet, since it had no effect. In a transaction, throws, so that
   * the caller retries the transaction.
   */
  async #runInWorkspace(
    workspaceId: string,
    statement: Statement,
    session: Session,
    timeoutMs?: number,
  ): Promise<QueryResult> {
    const routed = await this.#statements.find(statement.text, session);
    const parameters = (statement.values ?? []).map(toText);
    const isLong = parameters.length > MAX_ARRAY_PARAMETERS;
    const text = isLong ? literalTextOf(routed.text, parameters) : routed.text;
    const hasRows = routed.fields !== undefined;
    const settings = timeoutMs === undefined ? null : JSON.stringify(ONCE_SETTINGS);
    const values = [workspaceId, text, hasRows, isLong ? [] : parameters, this.#lockTimeoutMs, settings];
    const call = { text: callOf(statement.text), values };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { rows } = await session.send<Record<typeof RUN_IN_WORKSPACE, string>>(call, timeoutMs);
        const records = rows.map(({ [RUN_IN_WORKSPACE]: record }) => record);
        return toResult(statement, routed.fields, records);
      } catch (error) {
        const lacksViews = hasShardNoViews(error);
        if (lacksViews && session.isInTransaction()) this.#withoutViews.add(workspaceId);
        if (attempt === MAX_ATTEMPTS || session.isInTransaction() || !(lacksViews || hasShardMoved(error))) throw error;
        if (lacksViews) await createViews(workspaceId, session);
        else await delay(ATTEMPT_DELAY_MS);
      }
    }
  }
}

/** Whether a node does not answer, rather than a lock of a shard. */
const isNodeDown = (error: DatabaseError) => error.code !== '55P03' && isUnavailable(error);

async function createViews(workspaceId: string, session: Session): Promise<void> {
  const text = '/* createShardViews */ SELECT public.usergraph_create_shard_views($1::uuid)';
  await session.send({ text, values: [workspaceId] });
}

/** The ids of the shards of `workspaces` on the node of one of them. */
async function readShardsBeside(id: string, session: Session): Promise<string[]> {
  const { rows } = await session.send<{ id: string }>({
    text: `/* findShardsBeside */
      SELECT shardid::text AS id FROM pg_dist_placement
      WHERE groupid = (SELECT groupid FROM pg_dist_placement WHERE shardid = $1::bigint)`,
    values: [id],
  });
  return rows.map((row) => row.id);
}
