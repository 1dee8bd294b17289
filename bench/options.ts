import { parseArgs } from 'node:util';
import { named, userCount, whole, withUsage } from './arguments.ts';
import { contestants } from './contestants/all.ts';
import type { Contestant } from './contestants/contestant.ts';
import { CONNECTIONS } from './measure/load.ts';
import { type QuestionName, questions } from './questions.ts';

/** What `npm run bench -- …` was told. */
export interface Options {
  users: number;
  rounds: number;
  seconds: number;
  /** Connections that ask at once. */
  connections: number;
  questions: QuestionName[];
  contestants: Contestant[];
  /** File for the figures. */
  json: string | undefined;
}

const USAGE = `npm run bench -- [--users 100000 | --scale] [--rounds 3] [--seconds 4] [--connections ${CONNECTIONS}] [--json FILE]
  [--only ${questions.map(({ name }) => name).join(',')}]
  [--contestants ${contestants.map(({ name }) => name).join(',')}]`;

/** @throws with the usage, where an argument is wrong. */
export function readOptions(args: string[]): Options {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string', default: '100000' },
        scale: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '4' },
        connections: { type: 'string', default: String(CONNECTIONS) },
        only: { type: 'string' },
        contestants: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      users: values.scale ? 1_000_000 : userCount(values.users),
      rounds: whole('rounds', values.rounds, 1, 100),
      seconds: whole('seconds', values.seconds, 1, 60),
      connections: whole('connections', values.connections, 1, 1000),
      questions: named('only', questions, values.only).map(({ name }) => name),
      contestants: named('contestants', contestants, values.contestants),
      json: values.json,
    };
  });
}
