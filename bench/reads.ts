import { measureWays } from './reads/measure-ways.ts';
import { readReadsOptions } from './reads/options.ts';
import { readsFigures, readsText } from './reads/report.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';

/** `npm run bench:reads`: what carries the domain's statements at which cost; docs/performance.md tells how. */
async function main(): Promise<void> {
  const options = readReadsOptions(process.argv.slice(2));
  const progress = createProgress();
  const timed = await measureWays(options, progress.say);
  progress.done();
  const figures = readsFigures(timed, options);
  process.stdout.write(`${readsText(figures)}\n`);
  await writeJson(options.json, figures);
}

run('bench:reads', main);
