import { parseArgs } from 'node:util';
import { userCount, whole, withUsage } from '../arguments.ts';
import type { Pace } from './drive.ts';

/** What `npm run bench:soak -- …` was told. */
export interface SoakOptions extends Pace {
  users: number;
  /** File for the figures. */
  json: string | undefined;
}

const USAGE = `npm run bench:soak -- [--seconds 600] [--rate 300] [--connections 20] [--users 100000] [--json FILE]`;

/** @throws with the usage, where an argument is wrong. */
export function readSoakOptions(args: string[]): SoakOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        seconds: { type: 'string', default: '600' },
        rate: { type: 'string', default: '300' },
        connections: { type: 'string', default: '20' },
        users: { type: 'string', default: '100000' },
        json: { type: 'string' },
      },
    });
    return {
      seconds: whole('seconds', values.seconds, 2, 86_400),
      rate: whole('rate', values.rate, 1, 10_000),
      connections: whole('connections', values.connections, 1, 1_000),
      users: userCount(values.users),
      json: values.json,
    };
  });
}
