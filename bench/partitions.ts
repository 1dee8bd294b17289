import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '../src/db/client.ts';
import { parseInteger, withUsage } from './arguments.ts';
import { openBenchPostgres } from './database/open.ts';
import { countUsers, type FilledDatabase, prepareEvents } from './partitions/database.ts';
import { type Read, reads } from './partitions/reads.ts';
import { time } from './reads/time.ts';
import { markdownTable } from './report/markdown-table.ts';
import { createProgress } from './report/progress.ts';
import { spreadOf } from './report/spread.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { withCleanup } from './with-cleanup.ts';

const USAGE =
  'npm run bench:partitions -- [--events 1000000] [--rounds 15] [--ms 200] [--directory FOLDER] [--json FILE]';

/** Calls before the first round: PostgreSQL chooses a plan for all values after five. */
const WARM_UP_CALLS = 50;

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

/** Opens a session on a database, as a gateway does. */
async function openSession({ url, workspaceId }: FilledDatabase, stack: AsyncDisposableStack) {
  const db = stack.adopt(openDatabase({ connectionString: url }, { poolSize: 1 }), (open) => open.$disconnect());
  await db.indexes.refresh(db);
  const { rows } = await db.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return {
    run: (read: Read, number: number) => read.run(db, workspaceId, number),
    /** CPU time of the session's process in PostgreSQL, in µs. It hardly depends on what else the machine does. */
    cpu: async () => Number((await readFile(`/proc/${rows[0]?.pid}/schedstat`, 'utf8')).split(' ')[0]) / 1_000,
  };
}

type Session = Awaited<ReturnType<typeof openSession>>;

/** Average times of one read, in µs: from the call to the result, and in PostgreSQL. */
interface Times {
  wall: number;
  cpu: number;
}

async function timeRead(
  { run: call, cpu }: Session,
  read: Read,
  { ms, users }: { ms: number; users: number },
): Promise<Times> {
  const before = await cpu();
  let calls = 0;
  const { wall } = await time((count) => {
    calls = count + 1;
    return call(read, count % users);
  }, ms);
  return { wall, cpu: ((await cpu()) - before) / calls };
}

/** Times a read in rounds that alternate between the databases, both of which return the same. */
async function measure(
  read: Read,
  [plain, partitioned]: [Session, Session],
  { rounds, ...options }: { rounds: number; ms: number; users: number },
) {
  for (let number = 0; number < WARM_UP_CALLS; number += 1) {
    const [expected, found] = [await plain.run(read, number), await partitioned.run(read, number)];
    if (JSON.stringify(expected) !== JSON.stringify(found)) throw new Error(`${read.name}: the results differ.`);
  }
  const results: { plain: Times; partitioned: Times }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    results.push({
      plain: await timeRead(plain, read, options),
      partitioned: await timeRead(partitioned, read, options),
    });
  }
  const median = (select: (round: { plain: Times; partitioned: Times }) => number) =>
    spreadOf(results.map(select)).median;
  return {
    name: read.name,
    plainCpu: median((round) => round.plain.cpu),
    partitionedCpu: median((round) => round.partitioned.cpu),
    cpuRatio: median((round) => round.partitioned.cpu / round.plain.cpu),
    wallRatio: median((round) => round.partitioned.wall / round.plain.wall),
  };
}

/** `npm run bench:partitions`: compares reads of partitioned events with the same of a plain table. See docs/partitions.md. */
async function main(): Promise<void> {
  const { directory, json, events, rounds, ms } = readOptions(process.argv.slice(2));
  const progress = createProgress();
  await withCleanup(async (stack) => {
    progress.show('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres('partitions', directory));
    const open = async (isPartitioned: boolean) =>
      openSession(await prepareEvents(postgres, { events, isPartitioned }, progress.show), stack);
    const sessions: [Session, Session] = [await open(false), await open(true)];
    // Few enough that their rows stay in memory.
    const users = Math.min(200, countUsers('active', events));
    const results = [];
    for (const read of reads) {
      progress.show(read.name);
      results.push(await measure(read, sessions, { rounds, ms, users }));
    }
    progress.clear();
    const rows = results.map(({ name, plainCpu, partitionedCpu, cpuRatio, wallRatio }) => [
      name,
      ...[plainCpu, partitionedCpu].map((value) => value.toFixed(0)),
      ...[cpuRatio, wallRatio].map((value) => value.toFixed(2)),
    ]);
    const header = ['read', 'plain, µs', 'partitioned, µs', 'ratio', 'ratio of durations'];
    process.stdout.write(`CPU time of PostgreSQL, medians of ${rounds} rounds:\n${markdownTable([header, ...rows])}\n`);
    await writeJson(json, { events, rounds, ms, results });
  });
}

run('bench:partitions', main);
