/** Starts something many times before the first has ended, and waits for all. */
export function atOnce<Result>(times: number, act: (place: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: times }, (_, place) => act(place)));
}

/** How often each value occurs. */
export function tally(values: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, { length }]) => [value, length]));
}
