import { measureVariants } from './reads/measure-variants.ts';
import { readReadsOptions } from './reads/options.ts';
import { readsFigures, readsText } from './reads/report.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';

/** `npm run bench:reads`: compares Prisma models, Prisma raw queries and the driver. See docs/performance.md. */
async function main(): Promise<void> {
  const options = readReadsOptions(process.argv.slice(2));
  const progress = createProgress();
  const measurements = await measureVariants(options, progress.show);
  progress.clear();
  const figures = readsFigures(measurements, options);
  process.stdout.write(`${readsText(figures)}\n`);
  await writeJson(options.json, figures);
}

run('bench:reads', main);
