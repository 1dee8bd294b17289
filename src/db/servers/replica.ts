import { type Client, Pool } from 'pg';
import { readChannel } from '../../telemetry/channels.ts';
import { byWorkspace } from '../batching.ts';
import type { Database } from '../client.ts';
import { describeDatabaseError, isUnavailable } from '../errors.ts';
import { sharePool } from '../pool-shares.ts';
import { type Connection, clientOf } from '../session.ts';
import { type ReadDb, statementsOn } from '../statements.ts';
import { ANSWER_MARGIN_MS, closeSilentConnections } from '../timeouts.ts';
import { breakConnection } from './pool-clients.ts';
import { hasReached, type Position } from './position.ts';
import { type ProbedState, ServerProbe } from './server-probe.ts';
import { sharedRuns } from './shared-runs.ts';

/** Consecutive failed probes after which connections are broken: a busy server may miss one. */
const FAILURES_UNTIL_BROKEN = 2;

/** Whose reads a request uses: those of the primary or of a replica. */
export interface ReadSource {
  forWorkspace(workspaceId: string): ReadDb;
}

/** The primary as replicas need it. */
export interface ReadablePrimary extends Pick<Database, 'prepared' | 'timeouts' | 'indexes'> {
  forWorkspace(workspaceId: string): ReadDb;
}

/** A standby that serves reads, and what its last probe has found. */
export class Replica implements ReadSource {
  /** Asks the server for its position; calls during a probe share the next one. Never rejects. */
  readonly refresh = sharedRuns(() => this.#refresh());
  readonly forWorkspace: (workspaceId: string) => ReadDb;
  readonly #probe: ServerProbe;
  readonly #pool: Pool;
  readonly #clients = new Set<Client>();
  #state: ProbedState | undefined;
  #failures = 0;

  /** @param poolSize as for the primary. */
  constructor(url: string, primary: ReadablePrimary, poolSize: number, { timeoutsAtPooler }: Connection) {
    this.#probe = new ServerProbe(url);
    const { timeouts } = primary;
    const source = { url, add: (client: Client) => this.#follow(client) };
    this.#pool = new Pool({
      Client: clientOf({ ...(timeoutsAtPooler && { timeoutsAtPooler }) }, timeouts, source),
      max: poolSize,
      connectionTimeoutMillis: timeouts.poolWaitMs,
    });
    this.#pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {});
    closeSilentConnections(this.#pool, timeouts.statementMs + ANSWER_MARGIN_MS);
    const shares = sharePool(this.#pool, timeouts.poolWaitMs);
    this.forWorkspace = byWorkspace((workspaceId) =>
      this.#withFallback(statementsOn(shares.of(workspaceId), primary.prepared), primary, workspaceId),
    );
  }

  /** Host and port, for messages. */
  get server(): string {
    return this.#probe.server;
  }

  /** What the last probe has found; undefined if the server did not answer, or a statement has failed since. */
  get state(): ProbedState | undefined {
    return this.#state;
  }

  hasReached(required: Position): boolean {
    return this.#state !== undefined && hasReached(this.#state.position, required);
  }

  async close(): Promise<void> {
    await Promise.all([this.#probe.close(), this.#pool.end()]);
  }

  #follow(client: Client): void {
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
  }

  async #refresh(): Promise<void> {
    try {
      this.#state = await this.#probe.ask();
      this.#failures = 0;
    } catch {
      this.#state = undefined;
      this.#failures += 1;
      if (this.#failures < FAILURES_UNTIL_BROKEN) return;
      for (const client of this.#clients) breakConnection(client, 'the replica does not answer');
    }
  }

  /** Runs a read again on the primary if the replica fails. */
  #withFallback(own: ReadDb, primary: ReadablePrimary, workspaceId: string): ReadDb {
    const run = async <Result>(read: (db: ReadDb) => Promise<Result>): Promise<Result> => {
      try {
        return await read(own);
      } catch (error) {
        const failure = failureOf(error);
        if (!failure) throw error;
        if (failure === 'lost') this.#state = undefined;
        readChannel.publish({ fallback: 'error' });
        return await read(primary.forWorkspace(workspaceId));
      }
    };
    return {
      query: (query, ...values) => run((db) => db.query(query, ...values)),
      queryOnce: (statement, timeoutMs) => run((db) => db.queryOnce(statement, timeoutMs)),
      ...(primary.indexes && { indexes: primary.indexes }),
    };
  }
}

/** Cancelled because of a conflict with recovery (40001), and what a migration has created but the replica does not have yet. */
const FAILED_STATEMENT = /^(40001|40P01|42P01|42703|42883|42704)$/;

/**
 * How a replica has failed: `statement` if it cannot run this one, `lost` if it is unavailable. Undefined for an error that the primary
 * would report as well, and if all connections are in use: the primary has no more of them.
 */
export function failureOf(error: unknown): 'statement' | 'lost' | undefined {
  const { sqlState, message } = describeDatabaseError(error);
  if (FAILED_STATEMENT.test(sqlState)) return 'statement';
  if (sqlState === '57014' || /timeout exceeded when trying to connect/.test(message)) return undefined;
  return isUnavailable(error) ? 'lost' : undefined;
}
