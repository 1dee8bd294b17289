import { parseArgs } from 'node:util';
import { parseInteger, selectByName, withUsage } from '../arguments.ts';

/** What can be measured alone. */
const parts = [{ name: 'files' }, { name: 'requests' }, { name: 'latency' }] as const;

/** One of the parts of a run. */
export type ImportPart = (typeof parts)[number]['name'];

/** The size of a run of `npm run bench:import`. */
export interface ImportSizes {
  /** Users in the file that is imported. */
  users: number;
  /** Events in the file that is imported. */
  events: number;
  /** Imports and exports of files, and rounds of each kind of request. */
  rounds: number;
  /** Seconds of each round of requests. */
  seconds: number;
  /** Requests of `user` a second, whose latency is measured with and without an import. */
  rate: number;
  parts: ImportPart[];
}

/** Options of `npm run bench:import`. */
export interface ImportOptions extends ImportSizes {
  /** The folder of the database's server. */
  directory: string | undefined;
  /** File to write the figures to. */
  json: string | undefined;
}

/** What `bench:smoke` measures: all parts, in some seconds. */
export const SMOKE: ImportSizes = {
  users: 400,
  events: 2_000,
  rounds: 1,
  seconds: 1,
  rate: 50,
  parts: ['files', 'requests', 'latency'],
};

const USAGE = `npm run bench:import -- [--users 1000000] [--events 1000000] [--rounds 3] [--seconds 5] [--rate 200]
  [--only ${parts.map(({ name }) => name).join(',')}] [--directory FOLDER] [--json FILE]`;

/** @throws {Error} with the usage if an argument is invalid. */
export function readImportOptions(args: string[]): ImportOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string', default: '1000000' },
        events: { type: 'string', default: '1000000' },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '5' },
        rate: { type: 'string', default: '200' },
        only: { type: 'string' },
        directory: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      users: parseInteger('users', values.users, 400, 10_000_000),
      events: parseInteger('events', values.events, 1_000, 100_000_000),
      rounds: parseInteger('rounds', values.rounds, 1, 20),
      seconds: parseInteger('seconds', values.seconds, 1, 600),
      rate: parseInteger('rate', values.rate, 1, 5_000),
      parts: selectByName('only', parts, values.only).map(({ name }) => name),
      directory: values.directory,
      json: values.json,
    };
  });
}
