import { readFile, writeFile } from 'node:fs/promises';

/** Linux counts a process's time in hundredths of a second. */
const TICK_MS = 10;

/** CPU time in ms that a process has taken, in its own code and in the system's for it. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name before may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Makes `peakMb` begin anew. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The most memory in MB (2^20 bytes) that a process has had at once. */
export async function peakMb(pid: number): Promise<number> {
  return statusMb(await status(pid), 'VmHWM');
}

/** A process's memory in MB. */
export interface Memory {
  /** All of it that is resident (RSS). */
  rssMb: number;
  /** Of that, what no file stands for: the heap, buffers, stacks. */
  anonymousMb: number;
}

/** The memory that a process has now. */
export async function memoryOf(pid: number): Promise<Memory> {
  const text = await status(pid);
  return { rssMb: statusMb(text, 'VmRSS'), anonymousMb: statusMb(text, 'RssAnon') };
}

async function status(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/status`, 'utf8');
  } catch (cause) {
    throw new Error(`Process ${pid} has ended.`, { cause });
  }
}

function statusMb(text: string, field: string): number {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1]) / 1024;
}
