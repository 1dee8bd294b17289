import type { Arena } from '../arena.ts';
import { type QuestionName, questions } from '../questions.ts';
import { load, type Sample } from './load.ts';

/** Seconds in which a contestant warms up on a question; nothing is kept of them. */
const WARM_UP = 5;

/** How long to measure. */
export interface Pace {
  rounds: number;
  /** Seconds of one round. */
  seconds: number;
  /** Connections that ask at once. */
  connections?: number;
  /** Whether there is a warm-up. */
  warmUp: boolean;
}

/** What a contestant's rounds on a question have given. */
export interface Measured {
  question: QuestionName;
  contestant: string;
  samples: Sample[];
}

/** Measures one contestant after the other, round by round, so that what the machine does meanwhile hits all alike. */
export async function measure(arena: Arena, pace: Pace, say: (line: string) => void): Promise<Measured[]> {
  const results: Measured[] = [];
  for (const { name: question, asked } of arena.askings) {
    const { consumesInputs = false } = questions.find(({ name }) => name === question) ?? {};
    const finish = async () => {
      await arena.settle();
      if (consumesInputs) await arena.restore();
    };
    const ways = asked.map((way) => ({ way, samples: [] as Sample[] }));
    for (const { way } of pace.warmUp ? ways : []) {
      say(`${question}: warming ${way.running.contestant.name} up`);
      await load(way, WARM_UP, pace.connections);
      await finish();
    }
    for (let round = 1; round <= pace.rounds; round += 1) {
      for (const { way, samples } of ways) {
        say(`${question}: round ${round} of ${pace.rounds}, ${way.running.contestant.name}`);
        samples.push(await load(way, pace.seconds, pace.connections));
        await finish();
      }
    }
    results.push(...ways.map(({ way, samples }) => ({ question, contestant: way.running.contestant.name, samples })));
    await arena.restore();
  }
  return results;
}
