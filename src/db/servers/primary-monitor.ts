import type { Client, Pool } from 'pg';
import { databaseServerChannel } from '../../telemetry/channels.ts';
import { isLockConflict, isStatementTimeout } from '../errors.ts';
import { breakConnection, type ConnectionSource, type Servers } from '../session.ts';
import { type AcceptedPrimary, choosePrimary, problemOf, type ServerState } from './choose-primary.ts';
import { ServerProbe } from './server-probe.ts';

/** Interval of the probes in ms, and the shorter one while the primary does not answer, which is the minimum. */
const INTERVAL_MS = 1_000;
const SEARCH_INTERVAL_MS = 250;

/** Minimum interval in ms at which a problem is reported again while the primary is lost. */
const REPORT_INTERVAL_MS = 60_000;

/** Consecutive probes that the primary does not answer until it is lost: a busy server may miss one. */
const FAILURES_UNTIL_LOST = 2;

type States = readonly (ServerState | undefined)[];

/**
 * Knows which of several servers is the primary, by asking each of them every second, and moves a pool to it: connections to the
 * former primary are broken. If one is in use, the outcome of its statement is unknown, as when the server had died: a former primary
 * that hangs would not answer, and one that is alive must not acknowledge more writes.
 */
export class PrimaryMonitor implements ConnectionSource {
  /** Resolves after the first probe of all servers, within two seconds. What is opened before may reach a former primary. */
  readonly ready: Promise<void>;
  readonly #probes: readonly ServerProbe[];
  #accepted: AcceptedPrimary;
  /** Why no primary is known; undefined if one is. */
  #problem: string | undefined;
  /** Consecutive probes that the primary did not answer. */
  #failures = 0;
  /** The open connections of the pool. */
  readonly #clients = new Map<Client, 'idle' | 'used'>();
  /** When each problem was last reported since the primary was lost, in ms of `performance.now()`. */
  readonly #reportedAt = new Map<string, number>();
  #lastReported: string | undefined;
  /** Indexes of servers that belong to another cluster, or whose URL names another database. */
  readonly #rejected = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  /** Whether `askSoon` was called during a probe. */
  #isAskedAgain = false;
  /** When the last probe began, in ms of `performance.now()`. */
  #askedAt = -SEARCH_INTERVAL_MS;
  #isStopped = false;

  /** @param url of the primary that was found on startup. */
  constructor({ urls, ...known }: Servers, url: string) {
    this.#probes = urls.map((each) => new ServerProbe(each));
    this.#accepted = { ...known, index: Math.max(urls.indexOf(url), 0), acceptedTimeline: known.timeline };
    this.ready = this.#ask();
  }

  /** The URL of the primary that was accepted last. */
  get url(): string {
    return this.#primary.url;
  }

  /** Why no primary is known; undefined if one is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get #primary(): ServerProbe {
    return this.#probes[this.#accepted.index] as ServerProbe;
  }

  /** Registers a connection that is about to be opened to `url`. */
  registerConnection(client: Client): void {
    this.#clients.set(client, 'used');
    client.once('end', () => this.#clients.delete(client));
  }

  /**
   * Tracks which connections of the pool are idle. Asks the servers when a connection breaks or is released with an error, such as after a
   * write that the server rejected as read-only; not after a timeout of a statement or a lock, which a healthy server reports.
   */
  watchPool(pool: Pool): void {
    pool.on('acquire', (client) => this.#setUse(client, 'used'));
    pool.on('release', (error, client) => {
      this.#setUse(client, 'idle');
      if (error && !isStatementTimeout(error) && !isLockConflict(error)) this.askSoon();
    });
    pool.on('error', () => this.askSoon());
  }

  /** Ignores connections that have ended: the pool releases them afterwards. */
  #setUse(client: Client, use: 'idle' | 'used'): void {
    if (this.#clients.has(client)) this.#clients.set(client, use);
  }

  /** Asks all servers as soon as possible: after the probe that is under way, and at most every 250 ms. */
  askSoon(): void {
    if (this.#isAsking) this.#isAskedAgain = true;
    else this.#schedule(0);
  }

  /** Stops asking, and closes the connections of the probes. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const probe of this.#probes) probe.close();
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const earliest = this.#askedAt + SEARCH_INTERVAL_MS - performance.now();
    this.#timer = setTimeout(() => void this.#ask(), Math.max(ms, earliest));
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#isAskedAgain = false;
    this.#askedAt = performance.now();
    const states = await Promise.all(this.#probes.map((probe) => probe.ask().catch(() => undefined)));
    this.#isAsking = false;
    if (this.#isStopped) return;
    this.#reportRejected(states);
    this.#evaluate(states);
    const isSearching = this.#problem !== undefined || this.#failures > 0 || this.#isAskedAgain;
    this.#schedule(isSearching ? SEARCH_INTERVAL_MS : INTERVAL_MS);
  }

  #reportRejected(states: States): void {
    for (const [index, state] of states.entries()) {
      if (!state) continue;
      const problem = problemOf(state, this.#accepted);
      if (!problem) this.#rejected.delete(index);
      else if (!this.#rejected.has(index)) {
        this.#rejected.add(index);
        databaseServerChannel.publish({ event: 'rejected', server: this.#serverAt(index), problem });
      }
    }
  }

  #evaluate(states: States): void {
    const { index, conflicting, timeline } = choosePrimary(states, this.#accepted);
    this.#accepted = { ...this.#accepted, timeline };
    const state = states[this.#accepted.index];
    this.#failures = state ? 0 : this.#failures + 1;
    if (index !== undefined) this.#accept(index, timeline);
    else if (conflicting.length > 0) {
      const servers = conflicting.map((each) => this.#serverAt(each)).join(' and ');
      this.#lose(`${servers} accept writes on the same timeline ${timeline}; stop all but the primary`);
    } else if (state || this.#failures >= FAILURES_UNTIL_LOST) {
      this.#lose(`${this.#primary.server} ${explain(state, timeline)}, and no other server has been promoted`);
    }
  }

  /** Reports a problem when it changes, and each problem at most once a minute. */
  #lose(problem: string): void {
    this.#problem = problem;
    const now = performance.now();
    const reportedAt = this.#reportedAt.get(problem) ?? Number.NEGATIVE_INFINITY;
    if (problem === this.#lastReported || now - reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt.set(problem, now);
    this.#lastReported = problem;
    databaseServerChannel.publish({ event: 'lost', server: this.#primary.server, problem });
  }

  #accept(index: number, timeline: number): void {
    const former = this.#primary.server;
    const hasMoved = index !== this.#accepted.index;
    const hasReturned = this.#problem !== undefined;
    this.#accepted = { ...this.#accepted, index, acceptedTimeline: timeline };
    this.#problem = undefined;
    this.#reportedAt.clear();
    this.#lastReported = undefined;
    this.#failures = 0;
    if (!hasMoved && !hasReturned) return;
    // The same server has returned: idle connections can be dead, if its host has crashed.
    for (const [client, use] of this.#clients) {
      if (hasMoved || use === 'idle') breakConnection(client, 'the primary has moved or restarted');
    }
    databaseServerChannel.publish({ event: hasMoved ? 'failover' : 'returned', server: this.#primary.server, former });
  }

  #serverAt(index: number): string {
    return this.#probes[index]?.server ?? '';
  }
}

/** What the primary did not do, as the predicate of a sentence. */
function explain(state: ServerState | undefined, timeline: number): string {
  if (!state) return 'does not answer';
  if (!state.isWritable) return 'does not accept writes';
  return state.timeline < timeline
    ? `is outdated, on timeline ${state.timeline} instead of ${timeline}`
    : 'is another server than before';
}
