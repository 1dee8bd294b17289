import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { measureSegments } from './segments/measure.ts';
import { readSegmentOptions } from './segments/options.ts';
import { segmentFigures, segmentText } from './segments/report.ts';

/** `npm run bench:segments`: measures lag, backfill and cost of segments beside a live gateway. See docs/performance.md. */
async function main(): Promise<void> {
  const { directory, json, ...sizes } = readSegmentOptions(process.argv.slice(2));
  const progress = createProgress();
  const results = await measureSegments(sizes, directory, progress.show);
  progress.clear();
  const figures = segmentFigures(results, sizes);
  process.stdout.write(`${segmentText(figures)}\n`);
  await writeJson(json, figures);
}

run('bench:segments', main);
