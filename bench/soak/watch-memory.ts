import { setTimeout as sleep } from 'node:timers/promises';
import { type Memory, memoryOf } from '../measure/process.ts';

/** A process's memory at a time. */
export interface MemorySample extends Memory {
  /** Seconds since the first sample. */
  second: number;
}

/** Samples a process's memory every second, at the beginning and at the end as well. @throws where it has ended. */
export async function watchMemory(
  pid: number,
  seconds: number,
  onSample: (sample: MemorySample) => void,
): Promise<MemorySample[]> {
  const begun = performance.now();
  const samples: MemorySample[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    await sleep(Math.max(0, begun + second * 1000 - performance.now()));
    const sample = { second, ...(await memoryOf(pid)) };
    samples.push(sample);
    onSample(sample);
  }
  return samples;
}
