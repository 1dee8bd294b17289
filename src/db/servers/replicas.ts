import { setTimeout as delay } from 'node:timers/promises';
import { databaseServerChannel, readChannel } from '../../telemetry/channels.ts';
import type { Connection } from '../session.ts';
import { withinBudget } from '../within-budget.ts';
import { problemOf } from './choose-primary.ts';
import { type ReadablePrimary, type ReadSource, Replica } from './replica.ts';
import { type ProbedState, ServerProbe } from './server-probe.ts';
import { sharedRuns } from './shared-runs.ts';
import { hasReached, type RequiredPosition, type WalPosition } from './wal-position.ts';

/** Interval of the probes of each server in ms. */
const INTERVAL_MS = 250;

/** Minimum interval of samples of the primary in ms: it is also asked after each write. */
const SAMPLE_INTERVAL_MS = 100;

/** How long in ms a read waits for the answer of replicas whose known positions are not enough. */
const CHECK_WAIT_MS = 50;

/** How long in ms the response to a write waits for the position of the primary. */
const WRITE_POSITION_WAIT_MS = 500;

export type { ReadSource } from './replica.ts';

/** What replicas need besides the primary. */
export interface ReplicaOptions {
  urls: readonly string[];
  /** How old in ms what a replica returns may be. */
  maxStalenessMs: number;
  poolSize: number;
  connection: Connection;
  /** The URL of the current primary. */
  primaryUrl: () => string;
}

/** What the primary had stored at an instant. */
interface Sample {
  /** In ms of `performance.now()`, before the primary was asked. */
  at: number;
  position: WalPosition;
}

/**
 * Chooses the replica for each read. A replica is fresh if it has replayed what the primary had stored at most `maxStalenessMs` ago.
 * This compares positions of the log, not clocks, and needs no write to an idle primary.
 */
export class Replicas {
  /** How old in ms what a replica returns may be. */
  readonly maxStalenessMs: number;
  readonly #primary: ReadablePrimary;
  readonly #replicas: readonly Replica[];
  readonly #primaryUrl: () => string;
  #probe: ServerProbe;
  #state: ProbedState | undefined;
  /** Of the current timeline, oldest first. */
  #samples: Sample[] = [];
  readonly #rejected = new Set<Replica>();
  #turn = 0;
  readonly #stopping = new AbortController();
  readonly #probing: Promise<unknown>;
  readonly #samplePrimary = sharedRuns(() => this.#sample());

  constructor(primary: ReadablePrimary, { urls, poolSize, connection, ...options }: ReplicaOptions) {
    this.#primary = primary;
    this.maxStalenessMs = options.maxStalenessMs;
    this.#primaryUrl = options.primaryUrl;
    this.#replicas = urls.map((url) => new Replica(url, primary, poolSize, connection));
    this.#probe = new ServerProbe(options.primaryUrl());
    this.#probing = Promise.all([
      this.#repeat(() => this.#samplePrimary().catch(() => {})),
      ...this.#replicas.map((replica) => this.#repeat(() => this.#refresh(replica))),
    ]);
  }

  /** Number of replicas that are fresh. */
  get freshCount(): number {
    return this.#fresh().length;
  }

  /**
   * Chooses where a request reads: a fresh replica that has replayed `required`, or the primary.
   * @param required `primary` if what the caller has written is at an unknown position.
   */
  choose(required?: RequiredPosition): ReadSource | Promise<ReadSource> {
    if (required === 'primary') return this.#usePrimary('behind');
    const fresh = this.#fresh();
    const turn = this.#turn++ % Math.max(fresh.length, 1);
    const inTurn = [...fresh.slice(turn), ...fresh.slice(0, turn)];
    const [first] = inTurn;
    if (!first) return this.#usePrimary('stale');
    if (!required) return reportReplicaRead(first);
    const ready = inTurn.find((replica) => replica.hasReached(required));
    return ready ? reportReplicaRead(ready) : this.#check(inTurn, required);
  }

  /** Returns the position of the primary after everything that has been committed; undefined if it is unknown. */
  async positionAfterWrites(): Promise<WalPosition | undefined> {
    const sample = this.#samplePrimary().catch(() => undefined);
    const state = await withinBudget(sample, WRITE_POSITION_WAIT_MS);
    return state?.isWritable ? state.written : undefined;
  }

  /** Stops the probes, and closes all connections. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#probe.close();
    await Promise.all([this.#probing, ...this.#replicas.map((replica) => replica.close())]);
  }

  #fresh(): Replica[] {
    return this.#replicas.filter((replica) => {
      const { state } = replica;
      if (!state?.isStandby || !this.#state || problemOf(state, this.#state)) return false;
      const reached = this.#samples.findLast(({ position }) => hasReached(state.position, position));
      return reached !== undefined && this.#isRecent(reached.at);
    });
  }

  readonly #isRecent = (at: number) => at >= performance.now() - this.maxStalenessMs;

  #usePrimary(outcome: 'stale' | 'behind'): ReadSource {
    readChannel.publish({ outcome });
    return this.#primary;
  }

  /** Asks replicas for their positions. With synchronous replication to any of them, at least one has what was written. */
  async #check(replicas: readonly Replica[], required: WalPosition): Promise<ReadSource> {
    const answers = replicas.map(async (replica) => {
      await replica.refresh();
      if (!replica.hasReached(required)) throw new Error('behind');
      return replica;
    });
    const first = Promise.any(answers).catch(() => undefined);
    const ready = await withinBudget(first, CHECK_WAIT_MS);
    return ready ? reportReplicaRead(ready) : this.#usePrimary('behind');
  }

  async #sample(): Promise<ProbedState> {
    const url = this.#primaryUrl();
    if (url !== this.#probe.url) {
      this.#probe.close();
      this.#stopping.signal.throwIfAborted();
      this.#probe = new ServerProbe(url);
    }
    const at = performance.now();
    const state = await this.#probe.ask();
    if (state.isStandby) return state;
    // What a replica has of a former timeline can be lost.
    if (state.timeline !== this.#state?.timeline) this.#samples = [];
    this.#state = state;
    const newest = this.#samples.at(-1);
    if (!newest || at - newest.at >= SAMPLE_INTERVAL_MS) this.#samples.push({ at, position: state.position });
    while (this.#samples[0] && !this.#isRecent(this.#samples[0].at)) this.#samples.shift();
    return state;
  }

  async #refresh(replica: Replica): Promise<void> {
    await replica.refresh();
    const { state } = replica;
    if (!state || !this.#state) return;
    const problem = problemOf(state, this.#state);
    if (!problem) this.#rejected.delete(replica);
    else if (!this.#rejected.has(replica)) {
      this.#rejected.add(replica);
      databaseServerChannel.publish({ event: 'rejectedReplica', server: replica.server, problem });
    }
  }

  async #repeat(step: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await step();
      await delay(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

function reportReplicaRead(replica: Replica): ReadSource {
  readChannel.publish({ outcome: 'replica' });
  return replica;
}
