/** A worker that exits earlier than this, in ms, counts as an early exit. */
const STABLE_AFTER_MS = 10_000;
/** Maximum number of consecutive workers that exit without ever listening; after that, no worker is restarted. */
const MAX_FAILED_STARTS = 5;
const MIN_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** How to react to the exit of a worker. */
export interface RestartDecision {
  /** Delay in ms before the replacement starts. */
  delay: number;
  /** Whether the last workers exited repeatedly without ever listening. */
  isHopeless: boolean;
}

/**
 * Creates an exponential backoff for consecutive early exits, so that crashing workers do not restart in a tight loop.
 * The first replacement starts without delay.
 */
export function createRestartBackoff(): (uptimeMs: number, hasListened: boolean) => RestartDecision {
  let earlyExits = 0;
  let failedStarts = 0;
  return (uptimeMs, hasListened) => {
    earlyExits = uptimeMs < STABLE_AFTER_MS ? earlyExits + 1 : 0;
    failedStarts = hasListened ? 0 : failedStarts + 1;
    const delay = earlyExits < 2 ? 0 : Math.min(MIN_DELAY_MS * 2 ** (earlyExits - 2), MAX_DELAY_MS);
    return { delay, isHopeless: failedStarts >= MAX_FAILED_STARTS };
  };
}
