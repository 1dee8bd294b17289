/** Samples of the times of the compared groups. */
export interface Timings {
  near: number[];
  far: number[];
  /** A control like `far`, to measure by how much two equal groups differ. */
  farToo: number[];
}

const groups = ['near', 'far', 'farToo'] as const;

/** Takes a sample of each group per round, in a changing order, within a time budget. @returns times in ms. */
export async function takeTimings(
  act: (group: (typeof groups)[number], round: number) => unknown,
  { rounds, budgetMs }: { rounds: number; budgetMs: number },
): Promise<Timings> {
  const timings: Timings = { near: [], far: [], farToo: [] };
  const end = performance.now() + budgetMs;
  for (let round = 0; round < rounds && performance.now() < end; round += 1) {
    for (let step = 0; step < groups.length; step += 1) {
      const group = groups[(round + step) % groups.length] ?? 'near';
      const started = performance.now();
      await act(group, round);
      timings[group].push(performance.now() - started);
    }
  }
  return timings;
}

const medianOf = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * The median difference of `near` and `far` in the same round, in ms, and the difference that two equal groups can have by
 * chance: six times the standard error of the control's median, computed from its median deviation.
 */
export function compareTimings({ near, far, farToo }: Timings): { difference: number; noise: number } {
  const toFar = (samples: number[]) => samples.map((ms, round) => ms - (far[round] ?? 0));
  const control = toFar(farToo);
  const center = medianOf(control);
  const deviation = medianOf(control.map((value) => Math.abs(value - center)));
  const standardError = (1.25 * 1.48 * deviation) / Math.sqrt(control.length);
  return { difference: Math.abs(medianOf(toFar(near))), noise: Math.abs(center) + 6 * standardError };
}
