import { measureImport } from './import/measure.ts';
import { readImportOptions } from './import/options.ts';
import { importFigures, importText } from './import/report.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';

/** `npm run bench:import`: measures bulk mutations, and imports and exports of files. See docs/performance.md. */
async function main(): Promise<void> {
  const { directory, json, ...sizes } = readImportOptions(process.argv.slice(2));
  const progress = createProgress();
  const results = await measureImport(sizes, directory, progress.show);
  progress.clear();
  const figures = importFigures(results, sizes);
  process.stdout.write(`${importText(figures)}\n`);
  await writeJson(json, figures);
}

run('bench:import', main);
