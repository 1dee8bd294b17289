import { parseArgs } from 'node:util';
import { parseInteger, parseUserCount, selectByName, withUsage } from './arguments.ts';
import { contestants } from './contestants/all.ts';
import type { Contestant } from './contestants/contestant.ts';
import { DEFAULT_CONNECTIONS } from './measure/load.ts';
import { type OperationName, operations } from './operations.ts';

/** Options of `npm run bench`. */
export interface Options {
  users: number;
  rounds: number;
  seconds: number;
  /** Concurrent connections to a server. */
  connections: number;
  operations: OperationName[];
  contestants: Contestant[];
  /** File to write the figures to. */
  json: string | undefined;
}

const USAGE = `npm run bench -- [--users 100000 | --scale] [--rounds 3] [--seconds 4] [--connections ${DEFAULT_CONNECTIONS}] [--json FILE]
  [--only ${operations.map(({ name }) => name).join(',')}]
  [--contestants ${contestants.map(({ name }) => name).join(',')}]`;

/** @throws {Error} with the usage if an argument is invalid. */
export function readOptions(args: string[]): Options {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string', default: '100000' },
        scale: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '4' },
        connections: { type: 'string', default: String(DEFAULT_CONNECTIONS) },
        only: { type: 'string' },
        contestants: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      users: values.scale ? 1_000_000 : parseUserCount(values.users),
      rounds: parseInteger('rounds', values.rounds, 1, 100),
      seconds: parseInteger('seconds', values.seconds, 1, 60),
      connections: parseInteger('connections', values.connections, 1, 1000),
      operations: selectByName('only', operations, values.only).map(({ name }) => name),
      contestants: selectByName('contestants', contestants, values.contestants),
      json: values.json,
    };
  });
}
