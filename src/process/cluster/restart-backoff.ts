/** A worker that ends earlier, in ms, counts as one that cannot live. */
const STEADY_MS = 10_000;
/** After so many in a row that never listened, the next one will not either. */
const FAILED_STARTS = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** What to do about a worker that has ended. */
export interface RestartDecision {
  /** How long in ms to wait before the next one is started. */
  pause: number;
  /** Whether workers end again and again without ever having listened. */
  givesUp: boolean;
}

/**
 * Remembers the ends in a row, so that workers that end at once are not started as fast as the machine can. The first
 * is replaced without a pause.
 */
export function createRestartBackoff(): (lived: number, hasListened: boolean) => RestartDecision {
  let early = 0;
  let failed = 0;
  return (lived, hasListened) => {
    early = lived < STEADY_MS ? early + 1 : 0;
    failed = hasListened ? 0 : failed + 1;
    const pause = early < 2 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (early - 2), LONGEST_PAUSE_MS);
    return { pause, givesUp: failed >= FAILED_STARTS };
  };
}
