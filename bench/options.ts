import { parseArgs } from 'node:util';
import { parseInteger, parseUserCount, selectByName, withUsage } from './arguments.ts';
import { contestants } from './contestants/all.ts';
import type { Contestant } from './contestants/contestant.ts';
import { WARM_UP_SECONDS } from './measure/rounds.ts';
import { type OperationName, operations } from './operations.ts';
import { POOL_SIZE } from './test-bed.ts';

/** Options of `npm run bench`. */
export interface Options {
  users: number;
  rounds: number;
  seconds: number;
  /** Numbers of concurrent connections to a server, which are measured one after the other. */
  connections: number[];
  /** Seconds for which each server warms up on an operation. */
  warmUp: number;
  /** Database connections of each server. */
  poolSize: number;
  operations: OperationName[];
  contestants: Contestant[];
  /** File to write the figures to. */
  json: string | undefined;
}

const USAGE = `npm run bench -- [--users 100000 | --scale] [--rounds 3] [--seconds 4] [--warm-up ${WARM_UP_SECONDS}] [--connections 20,1,100] [--pool ${POOL_SIZE}] [--json FILE]
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
        'warm-up': { type: 'string', default: String(WARM_UP_SECONDS) },
        connections: { type: 'string', default: '20,1,100' },
        pool: { type: 'string', default: String(POOL_SIZE) },
        only: { type: 'string' },
        contestants: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      users: values.scale ? 1_000_000 : parseUserCount(values.users),
      rounds: parseInteger('rounds', values.rounds, 1, 100),
      seconds: parseInteger('seconds', values.seconds, 1, 60),
      warmUp: parseInteger('warm-up', values['warm-up'], 0, 60),
      connections: values.connections.split(',').map((text) => parseInteger('connections', text, 1, 1000)),
      poolSize: parseInteger('pool', values.pool, 1, 100),
      operations: selectByName('only', operations, values.only).map(({ name }) => name),
      contestants: selectByName('contestants', contestants, values.contestants),
      json: values.json,
    };
  });
}
