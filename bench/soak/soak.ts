import { usergraph } from '../contestants/usergraph.ts';
import { peakMb, resetPeak } from '../measure/process.ts';
import { operations } from '../operations.ts';
import type { Progress } from '../report/progress.ts';
import { withTestBed } from '../test-bed.ts';
import { generateLoad, type ResponseCounts, type SoakLoad } from './generate-load.ts';
import { requestMix } from './mix.ts';
import { type MemorySample, watchMemory } from './watch-memory.ts';

export interface SoakResult extends ResponseCounts {
  /** One sample per second, the first before the load starts. */
  samples: MemorySample[];
  /** Peak resident memory in MB, which can occur between samples. */
  peakMb: number;
}

/** Sends usergraph the mix of operations and samples the memory of its process. */
export function soak(load: SoakLoad & { users: number }, progress: Progress): Promise<SoakResult> {
  const options = { users: load.users, contestants: [usergraph], operations: operations.map(({ name }) => name) };
  return withTestBed(options, progress.show, async ({ workloads, restore }) => {
    const pid = workloads[0]?.requestSets[0]?.server.pid;
    if (pid === undefined) throw new Error('usergraph is not running.');
    const counts: ResponseCounts = { answered: 0, errors: 0 };
    const onSample = ({ second, rssMb }: MemorySample) => {
      const line = `${second} of ${load.seconds} s: ${counts.answered} answered, ${counts.errors} failed, ${rssMb.toFixed(0)} MB`;
      progress.show(line);
      if (second > 0 && second % 60 === 0) progress.log(line);
    };
    await resetPeak(pid);
    const abort = new AbortController();
    try {
      const [samples] = await Promise.all([
        watchMemory(pid, load.seconds, onSample),
        generateLoad(requestMix(workloads), load, counts, abort.signal),
      ]);
      return { ...counts, samples, peakMb: await peakMb(pid) };
    } finally {
      abort.abort();
      await restore();
    }
  });
}
