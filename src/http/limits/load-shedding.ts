import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How often in ms the bounds are adjusted, and the resolution in ms of the event loop's delay. */
const INTERVAL_MS = 100;
const RESOLUTION_MS = 10;

/** Longest good delay of the event loop in ms: a rejected request waits that long for its answer, too. */
const GOOD_DELAY_MS = 30;

/** Longest good mean time in ms that a workspace's requests take while it is at its bound. */
const GOOD_ANSWER_MS = 250;

/** Minimum concurrency; load shedding never goes below it: slow queries of a few callers are not overload. */
const MIN_CONCURRENCY = 24;

/** Concurrency that a gateway with little to do admits at once. */
const BURST = 128;

/** Factors by which a bound falls at the least and at the limit, and by which it rises, in each interval. */
const FALL = { least: 0.9, most: 0.5 };
const RISE = 1.1;

/**
 * Work that begins in one turn of the event loop while several workspaces have requests and the process is busy; a request
 * that reads one row is 1.
 * Little, so that turns stay short: the requests of a workspace with few connections take several turns each. Beside 200
 * connections that ask for pages, a workspace with 10 kept 53 % of its fair half with 16, 71 % with 4, and 91 % with 2.
 */
const WORK_PER_TURN = 2;

/** The same while the process is not busy: as much as the largest body takes, so that no two of those begin in one turn. */
const IDLE_WORK_PER_TURN = 100;

/** Part of the time in which the event loop does something from which on the process is busy. */
const BUSY = 0.9;

/** Weight of the latest request in the mean work of a workspace's requests. */
const LATEST = 0.1;

/** The server is overloaded, and this request is one of those that exceed their workspace's share. */
export class OverloadedError extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/** One for all: a stack trace would cost more than the rest of the rejection. */
const OVERLOADED = new OverloadedError('Server overloaded; retry later.');

/** Whom a request counts for. */
export interface Claim {
  /** The tenant. */
  workspaceId: string;
  /** The credential within the tenant, as rate limits tell them apart. */
  key: string;
}

/** A request that was admitted. */
export interface Admitted {
  /** Adds work that becomes known: as many times as much as a request that reads one row, which is 1. */
  addWork(work: number): void;
  /**
   * Calls back when its workspace is next in turn, for the rest of its work: for requests that turn out to be large once their
   * body has arrived, many of which would otherwise go on in one turn of the event loop.
   */
  awaitTurn(proceed: () => void): void;
  /** Nothing is done for it until `resume`: its body arrives. */
  pause(): void;
  /** Never rejected: it was admitted. */
  resume(): void;
  /** It has ended, after `ms` of work and waiting; undefined for one that did not arrive. */
  end(ms: number | undefined): void;
}

/** Calls back at once, or in a later turn of the event loop, with the admitted request or the error that rejects it. */
export type OnAdmission = (error: OverloadedError | undefined, admitted?: Admitted) => void;

/** A request where nothing is limited. */
const UNCOUNTED: Admitted = {
  addWork: () => {},
  awaitTurn: (proceed) => proceed(),
  pause: () => {},
  resume: () => {},
  end: () => {},
};

/** Decides which requests this process works on. */
export interface LoadShedding {
  admit(claim: Claim, onAdmission: OnAdmission): void;
  stop(): void;
}

/** A limit that follows how slow its requests are. */
interface Bound {
  value: number;
}

interface Key {
  /** Requests admitted and not ended, and those of them that are not paused. */
  open: number;
  inSystem: number;
  /** What is to be done in turn: admitted requests that have not begun, and the rest of large ones. */
  queue: (() => void)[];
}

interface Tenant {
  bound: Bound;
  /** The work that has begun for it, from the time on when it had requests (start-time fair queueing). */
  virtualTime: number;
  /** Mean work of its requests, which stands for that of the next one. */
  meanWork: number;
  inSystem: number;
  keys: Map<string, Key>;
  rejected: number;
  ended: number;
  /** Sum in ms of what the requests that ended took. */
  took: number;
}

/**
 * Admits as many requests as the process can answer without delay, and rejects the others at once. The number follows from
 * the event loop's delay for all, and from the time that its own requests take for each workspace: slow requests of one
 * workspace lower that workspace's bound alone.
 *
 * When the process is full, the requests of whoever exceeds their fair share are rejected, and others are still
 * admitted: the shares are equal for workspaces, and within a workspace for its keys. While several workspaces have
 * requests, the next one to begin is always of the workspace for which the least work has begun, so that each gets the same
 * part of the CPU, however much it asks for.
 * @param limit most requests, however fast they are; 0: every request begins at once.
 */
export function createLoadShedding(limit: number): LoadShedding {
  if (limit === 0) return { admit: (_claim, onAdmission) => onAdmission(undefined, UNCOUNTED), stop: () => {} };
  const msOfTurn = watchTurns();
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const bound: Bound = { value: Math.min(limit, BURST) };
  const tenants = new Map<string, Tenant>();
  let [inSystem, rejected] = [0, 0];
  let used = performance.eventLoopUtilization();
  let isBusy = false;
  let isDispatching = false;
  /** The virtual time of the workspace whose request began last. */
  let latestStart = 0;

  function adjust(adjusted: Bound, slowness: number, isFull: boolean): void {
    const { value } = adjusted;
    if (slowness > 1 && isFull) {
      const fall = Math.max(FALL.most, Math.min(FALL.least, 1 / slowness));
      adjusted.value = Math.max(Math.min(MIN_CONCURRENCY, limit), Math.floor(value * fall));
    } else if (slowness <= 1 && (isFull || value < BURST)) {
      adjusted.value = Math.min(limit, Math.ceil(value * RISE));
    }
  }

  function adjustAll(): void {
    // The histogram counts whole turns of its timer, in ns.
    const delay = delays.count === 0 ? INTERVAL_MS : delays.mean / 1e6 - RESOLUTION_MS;
    adjust(bound, delay / GOOD_DELAY_MS, rejected > 0 || inSystem >= bound.value);
    delays.reset();
    rejected = 0;
    const now = performance.eventLoopUtilization();
    isBusy = performance.eventLoopUtilization(now, used).utilization > BUSY;
    used = now;
    for (const [workspaceId, tenant] of tenants) {
      const { ended, took, inSystem: own, rejected: refused } = tenant;
      if (own === 0 && ended === 0 && refused === 0 && tenant.keys.size === 0) tenants.delete(workspaceId);
      adjust(tenant.bound, ended === 0 ? 0 : took / ended / GOOD_ANSWER_MS, refused > 0 || own >= tenant.bound.value);
      Object.assign(tenant, { rejected: 0, ended: 0, took: 0 });
    }
  }

  function tenantOf(workspaceId: string): Tenant {
    const known = tenants.get(workspaceId);
    if (known) return known;
    const fresh: Tenant = {
      bound: { value: Math.min(limit, BURST) },
      virtualTime: latestStart,
      meanWork: 1,
      inSystem: 0,
      keys: new Map(),
      rejected: 0,
      ended: 0,
      took: 0,
    };
    tenants.set(workspaceId, fresh);
    return fresh;
  }

  /** Whether another request of a key exceeds what is fair: only then it can be rejected. */
  function exceedsShare(tenant: Tenant, key: Key): boolean {
    const share = Math.min(bound.value / tenants.size, tenant.bound.value);
    return key.inSystem >= share / tenant.keys.size || tenant.inSystem >= 2 * share;
  }

  function isFull(tenant: Tenant): boolean {
    if (inSystem >= bound.value || tenant.inSystem >= tenant.bound.value) return true;
    return inSystem >= Math.min(MIN_CONCURRENCY, limit) && msOfTurn() > GOOD_DELAY_MS;
  }

  function count(tenant: Tenant, key: Key, change: 1 | -1): void {
    inSystem += change;
    tenant.inSystem += change;
    key.inSystem += change;
  }

  function admittedFor(tenant: Tenant, keyName: string, key: Key): Admitted {
    let isPaused = false;
    let work = 1;
    // The work of a mean request was counted when it began.
    tenant.virtualTime += work - tenant.meanWork;
    return {
      addWork: (more) => {
        work += more;
        tenant.virtualTime += more;
      },
      awaitTurn: (proceed) => enqueue(tenant, key, proceed),
      pause: () => {
        isPaused = true;
        count(tenant, key, -1);
      },
      resume: () => {
        isPaused = false;
        count(tenant, key, 1);
      },
      end: (ms) => {
        if (!isPaused) count(tenant, key, -1);
        key.open -= 1;
        if (key.open === 0) tenant.keys.delete(keyName);
        tenant.meanWork += LATEST * (work - tenant.meanWork);
        if (ms === undefined) return;
        tenant.ended += 1;
        tenant.took += ms;
      },
    };
  }

  /** Begins queued requests, always of the workspace for which the least work has begun. */
  function dispatch(): void {
    isDispatching = false;
    for (let left = isBusy ? WORK_PER_TURN : IDLE_WORK_PER_TURN; left > 0; ) {
      const next = nextTenant();
      const begin = next && takeNext(next.keys);
      if (!begin) return;
      latestStart = next.virtualTime;
      left -= next.meanWork;
      begin();
    }
    scheduleDispatch();
  }

  function nextTenant(): Tenant | undefined {
    let next: Tenant | undefined;
    for (const tenant of tenants.values()) {
      if (hasQueued(tenant) && (!next || tenant.virtualTime < next.virtualTime)) next = tenant;
    }
    return next;
  }

  function scheduleDispatch(): void {
    if (isDispatching) return;
    isDispatching = true;
    setImmediate(dispatch);
  }

  function enqueue(tenant: Tenant, key: Key, act: () => void): void {
    // A workspace without requests saves nothing up.
    if (!hasQueued(tenant)) tenant.virtualTime = Math.max(tenant.virtualTime, latestStart);
    key.queue.push(act);
    scheduleDispatch();
  }

  const timer = setInterval(adjustAll, INTERVAL_MS).unref();
  return {
    admit({ workspaceId, key: keyName }, onAdmission) {
      const tenant = tenantOf(workspaceId);
      const key = tenant.keys.get(keyName) ?? { open: 0, inSystem: 0, queue: [] };
      tenant.keys.set(keyName, key);
      if (isFull(tenant) && exceedsShare(tenant, key)) {
        rejected += 1;
        tenant.rejected += 1;
        if (key.open === 0) tenant.keys.delete(keyName);
        onAdmission(OVERLOADED);
        return;
      }
      key.open += 1;
      count(tenant, key, 1);
      const begin = () => {
        tenant.virtualTime += tenant.meanWork;
        onAdmission(undefined, admittedFor(tenant, keyName, key));
      };
      if (tenants.size === 1 && !isDispatching) return begin();
      enqueue(tenant, key, begin);
    },
    stop: () => {
      clearInterval(timer);
      delays.disable();
    },
  };
}

function hasQueued({ keys }: Tenant): boolean {
  for (const { queue } of keys.values()) if (queue.length > 0) return true;
  return false;
}

/** Takes a queued request of the next key in turn: whoever is served goes to the end of the line. */
function takeNext(keys: Map<string, Key>): (() => void) | undefined {
  for (const [name, key] of keys) {
    const begin = key.queue.shift();
    if (!begin) continue;
    keys.delete(name);
    keys.set(name, key);
    return begin;
  }
  return undefined;
}

/** For how many ms the event loop has taken in requests in this turn: all that has arrived, before it does anything else. */
function watchTurns(): () => number {
  let began: number | undefined;
  return () => {
    const now = performance.now();
    if (began === undefined) {
      began = now;
      setImmediate(() => {
        began = undefined;
      });
    }
    return now - began;
  };
}
