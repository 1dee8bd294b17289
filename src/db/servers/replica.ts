import type { Client, Pool } from 'pg';
import { databaseServerChannel, readChannel } from '../../telemetry/channels.ts';
import { byWorkspace } from '../batching.ts';
import type { Database } from '../client.ts';
import { describeDatabaseError, inOneLine, isPoolTimeout, isStatementTimeout, isUnavailable } from '../errors.ts';
import { openPool } from '../pool.ts';
import { sharePool } from '../pool-shares.ts';
import { breakConnection, type Connection } from '../session.ts';
import { type ReadDb, statementsOn } from '../statements.ts';
import { instanceOf, type ProbedState, ServerProbe } from './server-probe.ts';
import { sharedRuns } from './shared-runs.ts';
import { hasReached, type WalPosition } from './wal-position.ts';

/** Consecutive failed probes after which the replica is lost and its connections are broken: a busy server may miss one. */
const FAILURES_UNTIL_LOST = 2;

/** How long in ms a replica is not used after a statement has failed because it is unavailable. */
const LOST_MS = 3_000;

/** Where a request reads: the primary or a replica. */
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
  /** The server process that answered the last successful probe. */
  #instance: string | undefined;
  #failures = 0;
  /** Until when the replica is not used, in ms of `performance.now()`. */
  #lostUntil = 0;
  #isReportedLost = false;

  /** @param poolSize as for the primary. */
  constructor(url: string, primary: ReadablePrimary, poolSize: number, { timeoutsAtPooler }: Connection) {
    this.#probe = new ServerProbe(url, () => this.#forgetState());
    const { timeouts } = primary;
    this.#pool = openPool(
      { connectionString: url, timeoutsAtPooler },
      {
        size: poolSize,
        timeouts,
        source: { registerConnection: (client) => this.#registerConnection(client) },
        onConnect: (client) => this.#verify(client),
      },
    );
    const shares = sharePool(this.#pool, timeouts.poolWaitMs);
    this.forWorkspace = byWorkspace((workspaceId) =>
      this.#withFallback(statementsOn(shares.of(workspaceId), primary.prepared), primary, workspaceId),
    );
  }

  /** Host and port, for messages. */
  get server(): string {
    return this.#probe.server;
  }

  /** What the last probe has found; undefined if the server did not answer, or a connection or statement has failed since. */
  get state(): ProbedState | undefined {
    return performance.now() < this.#lostUntil ? undefined : this.#state;
  }

  hasReached(required: WalPosition): boolean {
    const { state } = this;
    return state !== undefined && hasReached(state.position, required);
  }

  /** Closes all connections. Does not wait for the server, which may hang. */
  async close(): Promise<void> {
    this.#probe.close();
    const ended = this.#pool.end();
    this.#breakConnections('the replica is closed');
    await ended;
  }

  /** A connection that ends unexpectedly tells of a restart, after which the server may have replayed less than before. */
  #registerConnection(client: Client): void {
    this.#clients.add(client);
    client.on('error', () => {
      if (this.#clients.has(client)) this.#forgetState();
    });
    client.once('end', () => this.#clients.delete(client));
  }

  readonly #forgetState = () => {
    this.#state = undefined;
  };

  /** The address may lead to several servers: what was found about one is not true of another. */
  async #verify(client: Client): Promise<void> {
    const instance = await instanceOf(client);
    if (instance === this.#state?.instance) return;
    const problem = 'its server is not the one that was asked for its position';
    breakConnection(client, problem);
    throw new Error(`Connection terminated: ${problem}`);
  }

  #breakConnections(reason: string): void {
    const clients = [...this.#clients];
    this.#clients.clear();
    for (const client of clients) breakConnection(client, reason);
  }

  async #refresh(): Promise<void> {
    try {
      const state = await this.#probe.ask();
      if (state.instance !== this.#instance) this.#breakConnections('another server answers, or it has restarted');
      this.#instance = state.instance;
      this.#state = state;
      this.#failures = 0;
      if (this.#isReportedLost && this.state) this.#reportReturned();
    } catch (error) {
      this.#state = undefined;
      this.#failures += 1;
      if (this.#failures < FAILURES_UNTIL_LOST) return;
      this.#breakConnections('the replica does not answer');
      this.#reportLost(error);
    }
  }

  #reportLost(error: unknown): void {
    if (this.#isReportedLost) return;
    this.#isReportedLost = true;
    databaseServerChannel.publish({ event: 'lostReplica', server: this.server, problem: inOneLine(error) });
  }

  #reportReturned(): void {
    this.#isReportedLost = false;
    databaseServerChannel.publish({ event: 'returnedReplica', server: this.server });
  }

  #lose(error: unknown): void {
    this.#lostUntil = performance.now() + LOST_MS;
    this.#reportLost(error);
  }

  /** Runs a read again on the primary if the replica fails. */
  #withFallback(own: ReadDb, primary: ReadablePrimary, workspaceId: string): ReadDb {
    const run = async <Result>(read: (db: ReadDb) => Promise<Result>): Promise<Result> => {
      try {
        return await read(own);
      } catch (error) {
        const failure = failureOf(error);
        if (!failure) throw error;
        if (failure === 'lost') this.#lose(error);
        readChannel.publish({ outcome: 'error' });
        return await read(primary.forWorkspace(workspaceId));
      }
    };
    return {
      query: (query, ...values) => run((db) => db.query(query, ...values)),
      queryOnce: (statement, timeoutMs) => run((db) => db.queryOnce(statement, timeoutMs)),
      indexes: primary.indexes,
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
  if (FAILED_STATEMENT.test(describeDatabaseError(error).sqlState)) return 'statement';
  if (isStatementTimeout(error) || isPoolTimeout(error)) return undefined;
  return isUnavailable(error) ? 'lost' : undefined;
}
