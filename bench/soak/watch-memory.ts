import { setTimeout as sleep } from 'node:timers/promises';
import { type Memory, readMemory } from '../measure/process.ts';

export interface MemorySample extends Memory {
  /** Seconds since the first sample. */
  second: number;
}

/** Samples a process's memory every second, including the start and the end. @throws {Error} if the process exits. */
export async function watchMemory(
  pid: number,
  seconds: number,
  onSample: (sample: MemorySample) => void,
): Promise<MemorySample[]> {
  const start = performance.now();
  const samples: MemorySample[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    await sleep(Math.max(0, start + second * 1000 - performance.now()));
    const sample = { second, ...(await readMemory(pid)) };
    samples.push(sample);
    onSample(sample);
  }
  return samples;
}
