import { parseArgs } from 'node:util';
import { parseInteger, parseUserCount, withUsage } from '../arguments.ts';
import type { SoakLoad } from './generate-load.ts';

/** Options of `npm run bench:soak`. */
export interface SoakOptions extends SoakLoad {
  users: number;
  /** File to write the figures to. */
  json: string | undefined;
}

const USAGE = `npm run bench:soak -- [--seconds 600] [--rate 300] [--connections 20] [--users 100000] [--json FILE]`;

/** @throws {Error} with the usage if an argument is invalid. */
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
      seconds: parseInteger('seconds', values.seconds, 2, 86_400),
      rate: parseInteger('rate', values.rate, 1, 10_000),
      connections: parseInteger('connections', values.connections, 1, 1_000),
      users: parseUserCount(values.users),
      json: values.json,
    };
  });
}
