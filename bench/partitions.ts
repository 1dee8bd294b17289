import { parseArgs } from 'node:util';
import { parseInteger, withUsage } from './arguments.ts';
import { measurePartitions } from './partitions/measure.ts';
import { markdownTable } from './report/markdown-table.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';

const USAGE =
  'npm run bench:partitions -- [--events 1000000] [--rounds 15] [--ms 200] [--directory FOLDER] [--json FILE]';

function readOptions(args: string[]) {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        events: { type: 'string', default: '1000000' },
        rounds: { type: 'string', default: '15' },
        ms: { type: 'string', default: '200' },
        directory: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return {
      events: parseInteger('events', values.events, 20_000, 100_000_000),
      rounds: parseInteger('rounds', values.rounds, 1, 1_000),
      ms: parseInteger('ms', values.ms, 1, 60_000),
      directory: values.directory,
      json: values.json,
    };
  });
}

/** `npm run bench:partitions`: compares reads of partitioned events with the same of a plain table. See docs/partitions.md. */
async function main(): Promise<void> {
  const { directory, json, ...sizes } = readOptions(process.argv.slice(2));
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
