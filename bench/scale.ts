import { WARM_UP_SECONDS } from './measure/rounds.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { measureSizes } from './scale/measure-sizes.ts';
import { readScaleOptions } from './scale/options.ts';
import { scaleFigures, scaleText } from './scale/report.ts';

/** `npm run bench:scale`: compares usergraph on two databases, one with ten times the rows. See docs/performance.md. */
async function main(): Promise<void> {
  const options = readScaleOptions(process.argv.slice(2));
  const progress = createProgress();
  const measurements = await measureSizes({ ...options, warmUp: WARM_UP_SECONDS }, progress.show);
  progress.clear();
  const figures = scaleFigures(measurements, options);
  process.stdout.write(`${scaleText(figures)}\n`);
  await writeJson(options.json, figures);
}

run('bench:scale', main);
