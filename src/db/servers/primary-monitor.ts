import type { Client, Pool } from 'pg';
import { databaseServerChannel } from '../../telemetry/channels.ts';
import type { PrimarySource, Servers } from '../session.ts';
import { type AcceptedPrimary, choosePrimary, type ServerState } from './choose-primary.ts';
import { breakConnection } from './pool-clients.ts';
import { ServerProbe } from './server-probe.ts';

/** Interval of the probes in ms, and the shorter one while no primary is known. */
const INTERVAL_MS = 1_000;
const SEARCH_INTERVAL_MS = 250;

/**
 * Knows which of several servers is the primary, by asking each of them every second, and moves a pool to it: connections to the
 * former primary are closed, at once if they are idle or being opened, otherwise when they are released.
 */
export class PrimaryMonitor implements PrimarySource {
  readonly #probes: readonly ServerProbe[];
  #accepted: AcceptedPrimary;
  /** Whether the primary has answered the last probe. */
  #isKnown = true;
  /** The connections of the pool, and whether they are in use. */
  readonly #clients = new Map<Client, 'opening' | 'idle' | 'used'>();
  /** Connections to a former primary, and those on which it rejected a write. */
  readonly #outdated = new WeakSet<Client>();
  /** Positions of servers that belong to another cluster. */
  readonly #strangers = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isStopped = false;

  /** @param url of the primary that was found on startup. */
  constructor({ urls, systemId }: Servers, url: string) {
    this.#probes = urls.map((each) => new ServerProbe(each));
    this.#accepted = { index: Math.max(urls.indexOf(url), 0), systemId, timeline: 0 };
    this.#schedule(0);
  }

  /** The URL of the primary that was accepted last. */
  get url(): string {
    return this.#primary.url;
  }

  /** Why no primary is known; undefined if one is. */
  get problem(): string | undefined {
    if (this.#isKnown) return undefined;
    return `No primary is known: ${this.#primary.server} does not accept writes, and no other server of DATABASE_URLS has been promoted.`;
  }

  get #primary(): ServerProbe {
    return this.#probes[this.#accepted.index] as ServerProbe;
  }

  /** Registers a connection that is about to be opened to `url`. */
  add(client: Client): void {
    this.#clients.set(client, 'opening');
    client.once('end', () => this.#clients.delete(client));
  }

  /** Follows the connections of the pool. */
  follow(pool: Pool): void {
    pool.on('acquire', (client) => this.#clients.set(client as unknown as Client, 'used'));
    pool.on('remove', (client) => this.#clients.delete(client as unknown as Client));
    pool.on('release', (_error, released) => {
      const client = released as unknown as Client;
      this.#clients.set(client, 'idle');
      // The pool removes a released connection that has ended.
      if (this.#outdated.has(client)) void client.end().catch(() => {});
    });
    pool.on('error', () => this.askSoon());
  }

  /** Closes a connection on which the server rejected a write, once it is released, and looks for the primary. */
  reportReadOnly(client: Client): void {
    this.#outdated.add(client);
    this.askSoon();
  }

  /** Asks all servers now, unless that is under way. */
  askSoon(): void {
    if (!this.#isAsking) this.#schedule(0);
  }

  /** Stops asking, and closes the connections of the probes. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#probes.map((probe) => probe.close()));
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const states = await Promise.all(this.#probes.map((probe) => probe.ask().catch(() => undefined)));
    this.#isAsking = false;
    if (this.#isStopped) {
      await this.stop();
      return;
    }
    this.#rejectStrangers(states);
    this.#accept(choosePrimary(states, this.#accepted), states);
    this.#schedule(this.#isKnown ? INTERVAL_MS : SEARCH_INTERVAL_MS);
  }

  #rejectStrangers(states: readonly (ServerState | undefined)[]): void {
    for (const [index, state] of states.entries()) {
      if (!state) continue;
      if (state.systemId === this.#accepted.systemId) this.#strangers.delete(index);
      else if (!this.#strangers.has(index)) {
        this.#strangers.add(index);
        databaseServerChannel.publish({ event: 'rejected', server: this.#probes[index]?.server ?? '' });
      }
    }
  }

  #accept(index: number | undefined, states: readonly (ServerState | undefined)[]): void {
    const former = this.#primary.server;
    if (index === undefined) {
      if (this.#isKnown) databaseServerChannel.publish({ event: 'lost', server: former });
      this.#isKnown = false;
      return;
    }
    const timeline = states[index]?.timeline ?? this.#accepted.timeline;
    const hasMoved = index !== this.#accepted.index;
    // The same server after a restart, or after it was writable again: its connections may be read-only or broken.
    const hasReturned = !this.#isKnown;
    this.#accepted = { ...this.#accepted, index, timeline };
    this.#isKnown = true;
    if (!hasMoved && !hasReturned) return;
    if (hasMoved) this.#closeConnections();
    databaseServerChannel.publish({ event: hasMoved ? 'failover' : 'returned', server: this.#primary.server, former });
  }

  /** Closes the connections to the former primary. */
  #closeConnections(): void {
    for (const [client, use] of this.#clients) {
      this.#outdated.add(client);
      if (use === 'used') continue;
      breakConnection(client, 'the server is no longer the primary');
    }
  }
}
