import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { readSoakOptions } from './soak/options.ts';
import { soakFigures, soakText } from './soak/report.ts';
import { soak } from './soak/soak.ts';

/** `npm run bench:soak`: checks that usergraph's memory stays flat under mixed load. See docs/performance.md. */
async function main(): Promise<void> {
  const options = readSoakOptions(process.argv.slice(2));
  const progress = createProgress();
  const figures = soakFigures(await soak(options, progress), options);
  progress.clear();
  process.stdout.write(`${soakText(figures)}\n`);
  await writeJson(options.json, figures);
  if (figures.errors > 0) process.exitCode = 1;
}

run('bench:soak', main);
