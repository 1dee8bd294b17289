import { measurePartitions } from './partitions/measure.ts';
import { readPartitionOptions } from './partitions/options.ts';
import { markdownTable } from './report/markdown-table.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';

/** `npm run bench:partitions`: compares reads of partitioned events with the same of a plain table. See docs/partitions.md. */
async function main(): Promise<void> {
  const { directory, json, ...sizes } = readPartitionOptions(process.argv.slice(2));
  const progress = createProgress();
  const results = await measurePartitions(sizes, directory, progress.show);
  progress.clear();
  const rows = results.map(({ name, plainCpu, partitionedCpu, cpuRatio, wallRatio }) => [
    name,
    ...[plainCpu, partitionedCpu].map((value) => value.toFixed(0)),
    ...[cpuRatio, wallRatio].map((value) => value.toFixed(2)),
  ]);
  const header = ['read', 'plain, µs', 'partitioned, µs', 'ratio', 'ratio of durations'];
  process.stdout.write(
    `CPU time of PostgreSQL, medians of ${sizes.rounds} rounds:\n${markdownTable([header, ...rows])}\n`,
  );
  await writeJson(json, { ...sizes, results });
}

run('bench:partitions', main);
