import { measure } from './measure/rounds.ts';
import { readOptions } from './options.ts';
import { figuresOf } from './report/figures.ts';
import { createProgress } from './report/progress.ts';
import { tables } from './report/table.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { withTestBed } from './test-bed.ts';

/** `npm run bench`: compares usergraph with other servers on the same database. See docs/performance.md. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const progress = createProgress();
  const measurements = await withTestBed(options, progress.show, (testBed) => measure(testBed, options, progress.show));
  progress.clear();
  const { users, rounds, seconds, poolSize } = options;
  const figures = figuresOf(measurements, { users, rounds, seconds, poolSize });
  process.stdout.write(`${tables(figures)}\n`);
  await writeJson(options.json, figures);
}

run('bench', main);
