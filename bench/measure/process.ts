import { readFile, writeFile } from 'node:fs/promises';

/** Linux reports CPU time in ticks of 1/100 s. */
const TICK_MS = 10;

/** User and system CPU time of a process, in ms. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The process name before the fields can contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
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
