/** Average time of one call, in µs. */
export interface Timing {
  /** The number of calls. */
  calls: number;
  /** From the call to the result, including PostgreSQL's share. */
  wall: number;
  /** CPU time of this process, in all threads. */
  cpu: number;
}

/** Calls an operation sequentially for `ms`, at least once. @param run receives the number of the call, from 0. */
export async function time(run: (count: number) => Promise<unknown>, ms: number): Promise<Timing> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let elapsed = 0;
  let count = 0;
  while (elapsed < ms) {
    await run(count);
    count += 1;
    elapsed = performance.now() - start;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { calls: count, wall: (1000 * elapsed) / count, cpu: (user + system) / count };
}
