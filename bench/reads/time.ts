/** What an operation has taken on average, in µs. */
export interface Timing {
  /** From call to result, PostgreSQL's share included. */
  wall: number;
  /** CPU time of this process, in all its threads. */
  cpu: number;
}

/** Does an operation for some ms, one after the other, at least once. @param run is given the number of the time. */
export async function time(run: (count: number) => Promise<unknown>, ms: number): Promise<Timing> {
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  let elapsed = 0;
  let count = 0;
  while (elapsed < ms) {
    await run(count);
    count += 1;
    elapsed = performance.now() - begun;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: (1000 * elapsed) / count, cpu: (user + system) / count };
}
