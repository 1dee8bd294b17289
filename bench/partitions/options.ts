import { parseArgs } from 'node:util';
import { parseInteger, withUsage } from '../arguments.ts';

/** The size of a run of `npm run bench:partitions`. */
export interface PartitionSizes {
  events: number;
  rounds: number;
  /** Length of a round of a read on each database. */
  ms: number;
}

/** Options of `npm run bench:partitions`. */
export interface PartitionOptions extends PartitionSizes {
  /** The folder of the databases, which are kept between runs. */
  directory: string | undefined;
  /** File to write the figures to. */
  json: string | undefined;
}

/** What `--smoke` and `bench:smoke` measure: all reads, in some seconds. */
export const SMOKE: PartitionSizes = { events: 20_000, rounds: 1, ms: 5 };

const USAGE =
  'npm run bench:partitions -- [--events 1000000] [--rounds 15] [--ms 200] [--smoke] [--directory FOLDER] [--json FILE]';

/** @throws {Error} with the usage if an argument is invalid. */
export function readPartitionOptions(args: string[]): PartitionOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        events: { type: 'string', default: '1000000' },
        rounds: { type: 'string', default: '15' },
        ms: { type: 'string', default: '200' },
        smoke: { type: 'boolean', default: false },
        directory: { type: 'string' },
        json: { type: 'string' },
      },
    });
    const files = { directory: values.directory, json: values.json };
    if (values.smoke) return { ...SMOKE, ...files };
    return {
      events: parseInteger('events', values.events, SMOKE.events, 100_000_000),
      rounds: parseInteger('rounds', values.rounds, 1, 1_000),
      ms: parseInteger('ms', values.ms, 1, 60_000),
      ...files,
    };
  });
}
