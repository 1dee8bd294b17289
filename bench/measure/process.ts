import { readFile, writeFile } from 'node:fs/promises';

/** Linux reports CPU time in ticks of 1/100 s. */
const TICK_MS = 10;

/** User and system CPU time of a process, in ms. */
export async function cpuMs(pid: number): Promise<number> {
  const fields = await readStat(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/**
 * CPU time of the main thread of a process, in µs: more precise than `cpuMs`. A session of PostgreSQL has no other threads that do its work.
 */
export async function sessionCpuUs(pid: number | undefined): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ');
  return Number(nanoseconds) / 1_000;
}

/** The fields of /proc/PID/stat from the third one, the state. */
async function readStat(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The process name before the fields can contain spaces.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Resets the peak that `peakMb` returns. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** Peak resident memory of a process since the last reset, in MB (2^20 bytes). */
export async function peakMb(pid: number): Promise<number> {
  return megabytes(await readStatus(pid), 'VmHWM');
}

/** Memory of a process, in MB (2^20 bytes). */
export interface Memory {
  /** Resident set size. */
  rssMb: number;
  /** The part of it that no file backs: heap, buffers, stacks. */
  anonymousMb: number;
}

export async function readMemory(pid: number): Promise<Memory> {
  const text = await readStatus(pid);
  return { rssMb: megabytes(text, 'VmRSS'), anonymousMb: megabytes(text, 'RssAnon') };
}

async function readStatus(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/status`, 'utf8');
  } catch (cause) {
    throw new Error(`Process ${pid} has exited.`, { cause });
  }
}

function megabytes(text: string, field: string): number {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1]) / 1024;
}

/** CPU time of a process and of all processes that it has started, in ms. Of those that have ended, it is counted once they were waited for. */
export async function treeCpuMs(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
  // A child that ends meanwhile is counted by its parent.
  const times = await Promise.all(children.map((child) => cpuMs(child).catch(() => 0)));
  return times.reduce((sum, ms) => sum + ms, (await cpuMs(pid)) + (await waitedCpuMs(pid)));
}

/** User and system CPU time of the ended children of a process, in ms. */
async function waitedCpuMs(pid: number): Promise<number> {
  const fields = await readStat(pid);
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** The parent of a process. */
export async function parentOf(pid: number): Promise<number> {
  return Number((await readStat(pid))[1]);
}

/** CPU time in which the cores of this machine were used, or withheld by its host, in ms, and the total time of all cores. */
export async function machineCpuMs(): Promise<{ used: number; total: number }> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, each) => sum + each, 0) * TICK_MS;
  const [, , , idle = 0, waiting = 0] = ticks;
  return { used: total - (idle + waiting) * TICK_MS, total };
}
