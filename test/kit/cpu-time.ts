import { readFile } from 'node:fs/promises';

/** How long the main thread of a process has run, and waited for a core, in ns. */
export interface CpuTime {
  ran: number;
  waited: number;
}

export async function readCpuTime(pid: number | undefined): Promise<CpuTime> {
  const [ran = 0, waited = 0] = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ').map(Number);
  return { ran, waited };
}

/** The factor by which other processes slowed a process down between two readings of its CPU time. */
export function slowdown(before: CpuTime, after: CpuTime): number {
  const ran = after.ran - before.ran;
  return (ran + after.waited - before.waited) / ran;
}

/**
 * PostgreSQL and the load generator can slow the gateway down by a factor of two on two cores. A larger factor means that
 * other processes use the machine; bounds are then relaxed, because they apply to the CPU time that the gateway gets.
 */
const OWN_SLOWDOWN = 2;

/** The largest factor by which bounds are relaxed. A machine with more load from other processes cannot run the suites. */
const MOST_ALLOWANCE = 3;

/** The factor by which the bounds of a suite are relaxed if its gateway was slowed down. */
export const allowanceFor = (slower: number) => Math.min(Math.max(1, slower / OWN_SLOWDOWN), MOST_ALLOWANCE);
