import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { measureSizes } from './scale/measure-sizes.ts';
import { readScaleOptions } from './scale/options.ts';
import { scaleFigures, scaleText } from './scale/report.ts';

/** `npm run bench:scale`: what usergraph's answers cost at ten times the rows; docs/performance.md tells how. */
async function main(): Promise<void> {
  const options = readScaleOptions(process.argv.slice(2));
  const progress = createProgress();
  const measured = await measureSizes({ ...options, warmUp: true }, progress.say);
  progress.done();
  const figures = scaleFigures(measured, options);
  process.stdout.write(`${scaleText(figures)}\n`);
  await writeJson(options.json, figures);
}

run('bench:scale', main);
