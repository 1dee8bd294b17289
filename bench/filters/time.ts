/** Milliseconds of the executions of one page. */
export interface Timing {
  p50: number;
  p95: number;
  /** The error that ended it, such as a timeout. */
  error?: string;
}

/** Returns the ids, or the uids, of the users of a page. */
export type Execute = () => Promise<string[]>;

/** The duration of the executions of one page, at most; and their number. */
const MAX_MS = 3_000;
const MAX_EXECUTIONS = 30;
const WARM_UPS = 2;

/** Executes a question on two sides in turns. @throws {Error} if the results differ. */
export async function alternate<Side extends string>(
  name: string,
  sides: Readonly<Record<Side, Execute>>,
): Promise<Record<Side, Timing>> {
  const runs = Object.entries<Execute>(sides).map(([side, execute]) => ({
    side,
    execute,
    samples: [] as number[],
    error: undefined as string | undefined,
  }));
  const deadline = performance.now() + MAX_MS;
  for (let execution = -WARM_UPS; execution < MAX_EXECUTIONS; execution += 1) {
    const found = new Map<string, string>();
    for (const run of runs) {
      const started = performance.now();
      try {
        found.set(run.side, (await run.execute()).join());
      } catch (error) {
        run.error = error instanceof Error ? error.message : String(error);
      }
      run.samples.push(performance.now() - started);
    }
    if (new Set(found.values()).size > 1) {
      throw new Error(`${name}: ${[...found].map(([side, users]) => `${side} found ${users || 'nobody'}`).join(', ')}`);
    }
    if (performance.now() > deadline) break;
  }
  const timings = runs.map(({ side, samples, error }) => [side, timingOf(samples, error)]);
  // The sides are the keys of the record.
  return Object.fromEntries(timings) as Record<Side, Timing>;
}

function timingOf(samples: number[], error: string | undefined): Timing {
  const sorted = samples.slice(samples.length > 2 * WARM_UPS ? WARM_UPS : 0).toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), ...(error ? { error } : {}) };
}
