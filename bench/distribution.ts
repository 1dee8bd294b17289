import { parseArgs } from 'node:util';
import { parseInteger, withUsage } from './arguments.ts';
import { type DistributionOptions, measureDistribution } from './distribution/measure.ts';
import { markdownTable } from './report/markdown-table.ts';
import { run } from './run.ts';

const USAGE =
  'npm run bench:distribution -- --plain URL --distributed URL [--rounds 9] [--ms 500] (two migrated databases; docs/scale-out.md)';

/** @throws {Error} with the usage if an argument is invalid. */
function readOptions(args: string[]): DistributionOptions {
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

/** `npm run bench:distribution`: compares a distributed database with one server, one statement at a time. See docs/scale-out.md. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const results = await measureDistribution(options);
  const names = results[0]?.targets.map(({ name }) => name) ?? [];
  const rows = results.map(({ name, targets }) => {
    const [plain = 0] = targets.map(({ wall }) => wall);
    const ratios = targets.map(({ wall }, place) => (place === 0 ? wall.toFixed(0) : (wall / plain).toFixed(2)));
    return [name, ...ratios];
  });
  process.stdout.write(`Duration on one server in µs, and ratios to it; medians of ${options.rounds} rounds:\n`);
  process.stdout.write(`${markdownTable([['operation', ...names], ...rows])}\n`);
}

run('bench:distribution', main);
