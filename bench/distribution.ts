import { measureDistribution } from './distribution/measure.ts';
import { readDistributionOptions } from './distribution/options.ts';
import { markdownTable } from './report/markdown-table.ts';
import { run } from './run.ts';

/** `npm run bench:distribution`: compares a distributed database with one server, one statement at a time. See docs/scale-out.md. */
async function main(): Promise<void> {
  const options = readDistributionOptions(process.argv.slice(2));
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
