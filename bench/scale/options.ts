import { parseArgs } from 'node:util';
import { named, userCount, whole, withUsage } from '../arguments.ts';
import { type QuestionName, questions } from '../questions.ts';

/** What `npm run bench:scale -- …` was told. */
export interface ScaleOptions {
  /** Users of the smaller database; the other has ten times as many. */
  users: number;
  rounds: number;
  /** Seconds of a round. */
  seconds: number;
  questions: QuestionName[];
  /** File for the figures. */
  json: string | undefined;
}

const USAGE = `npm run bench:scale -- [--users 100000] [--rounds 5] [--seconds 4] [--json FILE]
  [--only ${questions.map(({ name }) => name).join(',')}]`;

/** @throws with the usage, where an argument is wrong. */
export function readScaleOptions(args: string[]): ScaleOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string', default: '100000' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '4' },
        only: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      users: userCount(values.users, 100_000),
      rounds: whole('rounds', values.rounds, 1, 100),
      seconds: whole('seconds', values.seconds, 1, 60),
      questions: named('only', questions, values.only).map(({ name }) => name),
      json: values.json,
    };
  });
}
