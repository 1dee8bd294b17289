import { parseArgs } from 'node:util';
import { parseInteger, withUsage } from '../arguments.ts';
import type { DistributionOptions } from './measure.ts';

const USAGE =
  'npm run bench:distribution -- --plain URL --distributed URL [--rounds 9] [--ms 500] (two migrated databases; docs/scale-out.md)';

/** @throws {Error} with the usage if an argument is invalid. */
export function readDistributionOptions(args: string[]): DistributionOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        plain: { type: 'string' },
        distributed: { type: 'string' },
        rounds: { type: 'string', default: '9' },
        ms: { type: 'string', default: '500' },
      },
    });
    const { plain, distributed } = values;
    if (!plain || !distributed) throw new Error('--plain and --distributed are required.');
    return {
      plain,
      distributed,
      rounds: parseInteger('rounds', values.rounds, 1, 1_000),
      ms: parseInteger('ms', values.ms, 1, 60_000),
    };
  });
}
