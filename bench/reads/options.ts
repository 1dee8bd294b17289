import { parseArgs } from 'node:util';
import { userCount, whole, withUsage } from '../arguments.ts';
import type { ReadsPlan } from './measure-ways.ts';

/** What `npm run bench:reads -- …` was told. */
export interface ReadsOptions extends ReadsPlan {
  /** File for the figures. */
  json: string | undefined;
}

const USAGE = `npm run bench:reads -- [--users 100000] [--rounds 7] [--ms 500] [--json FILE]`;

/** @throws with the usage, where an argument is wrong. */
export function readReadsOptions(args: string[]): ReadsOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string', default: '100000' },
        rounds: { type: 'string', default: '7' },
        ms: { type: 'string', default: '500' },
        json: { type: 'string' },
      },
    });
    return {
      users: userCount(values.users),
      rounds: whole('rounds', values.rounds, 1, 100),
      ms: whole('ms', values.ms, 1, 60_000),
      json: values.json,
    };
  });
}
