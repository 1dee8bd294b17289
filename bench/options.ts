import { parseArgs } from 'node:util';
import { contestants } from './contestants/all.ts';
import type { Contestant } from './contestants/contestant.ts';
import { type QuestionName, questions } from './questions.ts';

/** What `npm run bench -- …` was told. */
export interface Options {
  users: number;
  rounds: number;
  seconds: number;
  questions: QuestionName[];
  contestants: Contestant[];
  /** File for the figures. */
  json: string | undefined;
}

const USAGE = `npm run bench -- [--users 100000 | --scale] [--rounds 3] [--seconds 4] [--json FILE]
  [--only ${questions.map(({ name }) => name).join(',')}]
  [--contestants ${contestants.map(({ name }) => name).join(',')}]`;

/** @throws with the usage, where an argument is wrong. */
export function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string', default: '100000' },
        scale: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '4' },
        only: { type: 'string' },
        contestants: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      users: values.scale ? 1_000_000 : whole('users', values.users, 200, 1_000_000),
      rounds: whole('rounds', values.rounds, 1, 100),
      seconds: whole('seconds', values.seconds, 1, 60),
      questions: named('only', questions, values.only).map(({ name }) => name),
      contestants: named('contestants', contestants, values.contestants),
      json: values.json,
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${text}`);
}

/** Those that are named, in their own order; all, where none is. */
function named<Thing extends { name: string }>(option: string, things: readonly Thing[], names?: string): Thing[] {
  if (names === undefined) return [...things];
  const wanted = new Set(names.split(','));
  for (const name of wanted) {
    if (!things.some((thing) => thing.name === name)) throw new Error(`--${option} knows no ${name}`);
  }
  return things.filter(({ name }) => wanted.has(name));
}
