import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often in ms the bound is set anew, and how exactly in ms delays are measured. */
const INTERVAL_MS = 100;
const RESOLUTION_MS = 10;

/** Longest delay of the event loop in ms that is good: what is refused waits that long for its answer, too. */
const GOOD_DELAY_MS = 30;

/** Longest mean time in ms that requests may take while there are as many as the bound lets in. */
const GOOD_ANSWER_MS = 250;

/** So many requests are let in however slow they are: slow queries of a few callers are no overload. */
const FLOOR = 24;

/** What comes at once to a gateway that has little to do is let in, up to so many. */
const BURST = 128;

/** How the bound falls at the least and at the most, and how it rises, each interval. */
const FALL = { least: 0.9, most: 0.5 };
const RISE = 1.1;

/** How many requests are under way, and how many may be. */
export interface Load {
  /** Whether another request may begin. */
  begin(): boolean;
  /** One that began has nothing to be done for, until it is resumed. */
  pause(): void;
  /** Never refused: it was let in. */
  resume(): void;
  /** One that began has ended, after so many ms. */
  end(ms: number): void;
  stop(): void;
}

/** Begins to watch the event loop of this process. @param limit most requests under way, however fast they are. */
export function watchLoad(limit: number): Load {
  const msOfTurn = watchTurns();
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let bound = Math.min(limit, BURST);
  let [underWay, refused, ended, took] = [0, 0, 0, 0];

  function setBound(): void {
    // The histogram has whole turns of its timer, in ns.
    const delay = delays.count === 0 ? INTERVAL_MS : delays.mean / 1e6 - RESOLUTION_MS;
    const slowness = Math.max(delay / GOOD_DELAY_MS, ended === 0 ? 0 : took / ended / GOOD_ANSWER_MS);
    const isFull = refused > 0 || underWay >= bound;
    if (slowness > 1 && isFull) {
      const fall = Math.max(FALL.most, Math.min(FALL.least, 1 / slowness));
      bound = Math.max(Math.min(FLOOR, limit), Math.floor(bound * fall));
    } else if (slowness <= 1 && (isFull || bound < BURST)) {
      bound = Math.min(limit, Math.ceil(bound * RISE));
    }
    delays.reset();
    [refused, ended, took] = [0, 0, 0];
  }

  const timer = setInterval(setBound, INTERVAL_MS).unref();
  return {
    begin: () => {
      if (underWay >= bound || (msOfTurn() > GOOD_DELAY_MS && underWay >= FLOOR)) {
        refused += 1;
        return false;
      }
      underWay += 1;
      return true;
    },
    pause: () => {
      underWay -= 1;
    },
    resume: () => {
      underWay += 1;
    },
    end: (ms) => {
      underWay -= 1;
      ended += 1;
      took += ms;
    },
    stop: () => {
      clearInterval(timer);
      delays.disable();
    },
  };
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
