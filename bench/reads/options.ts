import { parseArgs } from 'node:util';
import { parseInteger, parseUserCount, withUsage } from '../arguments.ts';
import type { TimingOptions } from './measure-variants.ts';

/** Options of `npm run bench:reads`. */
export interface ReadsOptions extends TimingOptions {
  /** File to write the figures to. */
  json: string | undefined;
}

const USAGE = `npm run bench:reads -- [--users 100000] [--rounds 7] [--ms 500] [--json FILE]`;

/** @throws {Error} with the usage if an argument is invalid. */
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
      users: parseUserCount(values.users),
      rounds: parseInteger('rounds', values.rounds, 1, 100),
      ms: parseInteger('ms', values.ms, 1, 60_000),
      json: values.json,
    };
  });
}
