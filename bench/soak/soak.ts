import { inArena } from '../arena.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { forgetPeak, peakMb } from '../measure/process.ts';
import { questions } from '../questions.ts';
import type { Progress } from '../report/progress.ts';
import { drive, type Pace, type Tally } from './drive.ts';
import { mix } from './mix.ts';
import { type MemorySample, watchMemory } from './watch-memory.ts';

/** What a soak has found. */
export interface Soaked extends Tally {
  /** One for each second, the first before any load. */
  samples: MemorySample[];
  /** The most resident memory in MB, between the samples as well. */
  peakMb: number;
}

/** Asks usergraph all questions by their weights for some time, and watches its memory. */
export function soak(pace: Pace & { users: number }, { say, note }: Progress): Promise<Soaked> {
  const plan = { users: pace.users, contestants: [usergraph], questions: questions.map(({ name }) => name) };
  return inArena(plan, say, async ({ askings, restore }) => {
    const pid = askings[0]?.asked[0]?.running.pid;
    if (pid === undefined) throw new Error('There is nobody to ask.');
    const tally: Tally = { answered: 0, errors: 0 };
    const show = ({ second, rssMb }: MemorySample) => {
      const line = `${second} of ${pace.seconds} s: ${tally.answered} answered, ${tally.errors} errors, ${rssMb.toFixed(0)} MB`;
      say(line);
      if (second > 0 && second % 60 === 0) note(line);
    };
    await forgetPeak(pid);
    const stop = new AbortController();
    try {
      const [samples] = await Promise.all([
        watchMemory(pid, pace.seconds, show),
        drive(mix(askings), pace, tally, stop.signal),
      ]);
      return { ...tally, samples, peakMb: await peakMb(pid) };
    } finally {
      stop.abort();
      await restore();
    }
  });
}
