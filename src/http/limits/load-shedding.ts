import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { limitChannel } from '../../telemetry/channels.ts';
import { AdaptiveLimit, INTERVAL_MS, MIN_CONCURRENCY } from './adaptive-limit.ts';

/** The resolution in ms of the event loop delay. */
const RESOLUTION_MS = 10;

/** Target delay of the event loop in ms; a rejected request waits this long for its response as well. */
const TARGET_DELAY_MS = 30;

/** Target mean duration in ms of a workspace's requests while it has many of them. */
const TARGET_DURATION_MS = 250;

/**
 * Work that begins in one turn of the event loop while several workspaces have requests and the process is busy; a request that
 * reads one row is 1. A small number keeps turns short, since the requests of a workspace with few connections take several
 * turns each. Next to 200 connections that request pages, a workspace with 10 connections got 53 % of its fair half with 16,
 * 71 % with 4, and 91 % with 2.
 */
const WORK_PER_TURN = 2;

/** The same while the process is not busy: the work of the largest body, so that only one such request begins per turn. */
const IDLE_WORK_PER_TURN = 100;

/** Event loop utilization above which the process is busy. */
const BUSY_UTILIZATION = 0.9;

/** Weight of the latest request in the mean work of a workspace's requests (exponential moving average). */
const LATEST_WEIGHT = 0.1;

/** The server is overloaded, and the request exceeds its workspace's share. */
export class OverloadedError extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/** A shared instance: a stack trace would cost more than the rest of the rejection. */
const OVERLOADED = new OverloadedError('Server overloaded; retry later.');

/** Whose share a request counts towards. */
export interface Claim {
  /** The tenant. */
  workspaceId: string;
  /** The credential within the tenant: a `rateLimitKey`. */
  key: string;
}

/**
 * The complexity that takes as much CPU time as reading one row: a page of 30 users with all relations, complexity 241, takes
 * nine times the CPU time of one user (docs/performance.md).
 */
export const COMPLEXITY_PER_UNIT_OF_WORK = 30;

/**
 * The work of a write, in addition to that of a read: an update that is not batched takes PostgreSQL 0.5 ms of CPU time
 * (docs/performance-steps.md), more than three times what a read takes the gateway (docs/performance.md). Next to 60 connections that update one user, a workspace kept 99 to 109 %
 * of its fair share with 3, 89 to 102 % with 2, and 83 to 104 % with 1.
 */
export const WORK_PER_WRITE = 3;

/** An admitted request. */
export interface Admitted {
  /** Adds work that was not known at admission, in units of a request that reads one row. */
  addWork(work: number): void;
  /**
   * Calls back when it is the workspace's turn to continue. For requests that turn out to be large once their body has arrived:
   * many of them would otherwise continue in one turn of the event loop.
   */
  awaitTurn(proceed: () => void): void;
  /** Stops counting the request while its body arrives. */
  pause(): void;
  /** Counts the request again. It can no longer be rejected. */
  resume(): void;
  /** Ends the request. @param ms its duration without pauses; undefined if it was not received. */
  end(ms: number | undefined): void;
}

/** Called with the admitted request or the error that rejects it: immediately, or in a later turn of the event loop. */
type OnAdmission = (error: OverloadedError | undefined, admitted?: Admitted) => void;

/** The admission of every request if there is no limit. */
const UNCOUNTED: Admitted = {
  addWork: () => {},
  awaitTurn: (proceed) => proceed(),
  pause: () => {},
  resume: () => {},
  end: () => {},
};

/** Decides which requests this process accepts. */
export interface LoadShedding {
  admit(claim: Claim, onAdmission: OnAdmission): void;
  stop(): void;
}

interface Key {
  /** Admitted requests that have not ended. */
  open: number;
  /** Those that are not paused. */
  inSystem: number;
  /** Admitted requests that have not begun, and large ones that wait for their turn to continue. */
  queue: (() => void)[];
}

interface Tenant {
  /** Counts its admitted requests that are not paused. */
  limit: AdaptiveLimit;
  /** Work of the tenant that has begun since it became active (start-time fair queueing). */
  virtualTime: number;
  /** Mean work of its requests: the estimate for its next one. */
  meanWork: number;
  keys: Map<string, Key>;
  ended: number;
  /** Total duration in ms of the requests that ended. */
  totalMs: number;
}

/**
 * Admits bursts, and during overload as many requests as the process can answer without delay; rejects the others immediately.
 * The limit for all requests follows the event loop delay; the limit of each workspace follows the duration of its own requests,
 * so that slow requests of one workspace lower the limit of that workspace only.
 *
 * When the process is full, it rejects the requests that exceed their fair share and still admits all others. Workspaces have
 * equal shares, and within a workspace its keys. While several workspaces have requests, the next request to begin is always
 * one of the workspace for which the least work has begun, so that all workspaces get the same share of the CPU
 * regardless of how many requests they send.
 */
class FairLoadShedding implements LoadShedding {
  readonly #maxConcurrency: number;
  readonly #turnMs = measureTurns();
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  readonly #limit: AdaptiveLimit;
  readonly #tenants = new Map<string, Tenant>();
  #lastUtilization = performance.eventLoopUtilization();
  #isBusy = false;
  #isDispatching = false;
  /** The virtual time of the workspace whose request began last. */
  #latestStart = 0;

  /** @param maxConcurrency upper bound of the limits. */
  constructor(maxConcurrency: number) {
    this.#maxConcurrency = maxConcurrency;
    this.#limit = new AdaptiveLimit(maxConcurrency);
    this.#delays.enable();
    this.#timer = setInterval(() => this.#adjustAll(), INTERVAL_MS).unref();
  }

  admit({ workspaceId, key: keyName }: Claim, onAdmission: OnAdmission): void {
    const tenant = this.#tenantOf(workspaceId);
    const key = tenant.keys.get(keyName) ?? { open: 0, inSystem: 0, queue: [] };
    tenant.keys.set(keyName, key);
    if (this.#isFull(tenant) && this.#exceedsShare(tenant, key)) {
      this.#limit.countRejection();
      tenant.limit.countRejection();
      limitChannel.publish({ reason: 'overload' });
      if (key.open === 0) tenant.keys.delete(keyName);
      onAdmission(OVERLOADED);
      return;
    }
    key.open += 1;
    this.#count(tenant, key, 1);
    const begin = () => {
      tenant.virtualTime += tenant.meanWork;
      onAdmission(undefined, this.#createAdmitted(tenant, keyName, key));
    };
    if (this.#tenants.size === 1 && !this.#isDispatching) begin();
    else this.#enqueue(tenant, key, begin);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delays.disable();
  }

  #adjustAll(): void {
    // The histogram records the whole interval of its timer, in ns.
    const delay = this.#delays.count === 0 ? INTERVAL_MS : this.#delays.mean / 1e6 - RESOLUTION_MS;
    this.#limit.adjust(delay / TARGET_DELAY_MS);
    this.#delays.reset();
    const utilization = performance.eventLoopUtilization();
    this.#isBusy = performance.eventLoopUtilization(utilization, this.#lastUtilization).utilization > BUSY_UTILIZATION;
    this.#lastUtilization = utilization;
    for (const [workspaceId, tenant] of this.#tenants) {
      const { ended, totalMs, limit, keys } = tenant;
      if (limit.isIdle && ended === 0 && keys.size === 0) this.#tenants.delete(workspaceId);
      limit.adjust(ended === 0 ? undefined : totalMs / ended / TARGET_DURATION_MS);
      Object.assign(tenant, { ended: 0, totalMs: 0 });
    }
  }

  #tenantOf(workspaceId: string): Tenant {
    const existing = this.#tenants.get(workspaceId);
    if (existing) return existing;
    const tenant: Tenant = {
      limit: new AdaptiveLimit(this.#maxConcurrency),
      virtualTime: this.#latestStart,
      meanWork: 1,
      keys: new Map(),
      ended: 0,
      totalMs: 0,
    };
    this.#tenants.set(workspaceId, tenant);
    return tenant;
  }

  /** Whether another request of a key exceeds its fair share; only such requests are rejected. */
  #exceedsShare(tenant: Tenant, key: Key): boolean {
    const share = Math.min(this.#limit.value / this.#tenants.size, tenant.limit.value);
    return key.inSystem >= share / tenant.keys.size || tenant.limit.inFlight >= 2 * share;
  }

  #isFull({ limit }: Tenant): boolean {
    if (this.#limit.isReached || limit.isReached) return true;
    // A burst may arrive in one long turn. During overload, rejections must not wait for the end of one.
    if (!this.#limit.isOverloaded && !limit.isOverloaded) return false;
    return this.#limit.inFlight >= MIN_CONCURRENCY && this.#turnMs() > TARGET_DELAY_MS;
  }

  #count(tenant: Tenant, key: Key, change: 1 | -1): void {
    this.#limit.count(change);
    tenant.limit.count(change);
    key.inSystem += change;
  }

  #createAdmitted(tenant: Tenant, keyName: string, key: Key): Admitted {
    let isPaused = false;
    let work = 1;
    // The mean work was added when the request began.
    tenant.virtualTime += work - tenant.meanWork;
    return {
      addWork: (additional) => {
        work += additional;
        tenant.virtualTime += additional;
      },
      awaitTurn: (proceed) => this.#enqueue(tenant, key, proceed),
      pause: () => {
        isPaused = true;
        this.#count(tenant, key, -1);
      },
      resume: () => {
        isPaused = false;
        this.#count(tenant, key, 1);
      },
      end: (ms) => {
        if (!isPaused) this.#count(tenant, key, -1);
        key.open -= 1;
        if (key.open === 0) tenant.keys.delete(keyName);
        tenant.meanWork += LATEST_WEIGHT * (work - tenant.meanWork);
        if (ms === undefined) return;
        tenant.ended += 1;
        tenant.totalMs += ms;
      },
    };
  }

  #enqueue(tenant: Tenant, key: Key, begin: () => void): void {
    // An idle workspace does not accumulate credit.
    if (!hasQueued(tenant)) tenant.virtualTime = Math.max(tenant.virtualTime, this.#latestStart);
    key.queue.push(begin);
    this.#scheduleDispatch();
  }

  #scheduleDispatch(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    setImmediate(() => this.#dispatch());
  }

  /** Begins queued requests, always of the workspace for which the least work has begun. */
  #dispatch(): void {
    this.#isDispatching = false;
    for (let rest = this.#isBusy ? WORK_PER_TURN : IDLE_WORK_PER_TURN; rest > 0; ) {
      const tenant = this.#nextTenant();
      const begin = tenant && dequeue(tenant.keys);
      if (!begin) return;
      this.#latestStart = tenant.virtualTime;
      rest -= tenant.meanWork;
      begin();
    }
    this.#scheduleDispatch();
  }

  #nextTenant(): Tenant | undefined {
    let next: Tenant | undefined;
    for (const tenant of this.#tenants.values()) {
      if (hasQueued(tenant) && (!next || tenant.virtualTime < next.virtualTime)) next = tenant;
    }
    return next;
  }
}

/** Creates the load shedding of this process. @param maxConcurrency upper bound of its limits; 0: admits every request. */
export function createLoadShedding(maxConcurrency: number): LoadShedding {
  if (maxConcurrency > 0) return new FairLoadShedding(maxConcurrency);
  return { admit: (_claim, onAdmission) => onAdmission(undefined, UNCOUNTED), stop: () => {} };
}

function hasQueued({ keys }: Tenant): boolean {
  for (const { queue } of keys.values()) if (queue.length > 0) return true;
  return false;
}

/** Takes a queued request of the next key, round-robin. */
function dequeue(keys: Map<string, Key>): (() => void) | undefined {
  for (const [name, key] of keys) {
    const begin = key.queue.shift();
    if (!begin) continue;
    keys.delete(name);
    keys.set(name, key);
    return begin;
  }
  return undefined;
}

/**
 * Measures how long in ms the event loop has accepted requests in its current turn: Node processes all input that has arrived
 * before it does anything else.
 */
function measureTurns(): () => number {
  let startedAt: number | undefined;
  return () => {
    const now = performance.now();
    if (startedAt === undefined) {
      startedAt = now;
      setImmediate(() => {
        startedAt = undefined;
      });
    }
    return now - startedAt;
  };
}
