import { parseArgs } from 'node:util';
import { parseInteger, parseUserCount, selectByName, withUsage } from '../arguments.ts';
import { type OperationName, operations } from '../operations.ts';

/** Options of `npm run bench:scale`. */
export interface ScaleOptions {
  /** Users in the smaller database; the larger one has ten times as many. */
  users: number;
  rounds: number;
  /** Seconds per round. */
  seconds: number;
  operations: OperationName[];
  /** File to write the figures to. */
  json: string | undefined;
}

const USAGE = `npm run bench:scale -- [--users 100000] [--rounds 5] [--seconds 4] [--json FILE]
  [--only ${operations.map(({ name }) => name).join(',')}]`;

/** @throws {Error} with the usage if an argument is invalid. */
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
      users: parseUserCount(values.users, 100_000),
      rounds: parseInteger('rounds', values.rounds, 1, 100),
      seconds: parseInteger('seconds', values.seconds, 1, 60),
      operations: selectByName('only', operations, values.only).map(({ name }) => name),
      json: values.json,
    };
  });
}
