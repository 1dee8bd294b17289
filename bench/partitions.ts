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
  return (read: Read, number: number) => read.run(db, workspaceId, number);
}

type Session = Awaited<ReturnType<typeof openSession>>;

/** Times a read in rounds that alternate between the databases, both of which return the same. */
async function measure(
  read: Read,
  [plain, partitioned]: [Session, Session],
  { rounds, ms, users }: { rounds: number; ms: number; users: number },
) {
  for (let number = 0; number < WARM_UP_CALLS; number += 1) {
    const [expected, found] = [await plain(read, number), await partitioned(read, number)];
    if (JSON.stringify(expected) !== JSON.stringify(found)) throw new Error(`${read.name}: the results differ.`);
  }
  const timings = { plain: [] as number[], partitioned: [] as number[], ratio: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const timeOf = async (session: Session) => (await time((count) => session(read, count % users), ms)).wall;
    // Each goes first in every other round.
    const first = await timeOf(round % 2 === 0 ? plain : partitioned);
    const second = await timeOf(round % 2 === 0 ? partitioned : plain);
    const [ofPlain, ofPartitioned] = round % 2 === 0 ? [first, second] : [second, first];
    timings.plain.push(ofPlain);
    timings.partitioned.push(ofPartitioned);
    timings.ratio.push(ofPartitioned / ofPlain);
  }
  return { name: read.name, timings };
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
    const rows = results.map(({ name, timings }) => {
      const [plain, partitioned] = [timings.plain, timings.partitioned].map((times) =>
        spreadOf(times).median.toFixed(0),
      );
      const ratio = spreadOf(timings.ratio).median.toFixed(2);
      return [name, plain ?? '', partitioned ?? '', ratio];
    });
    process.stdout.write(`${markdownTable([['read', 'plain, µs', 'partitioned, µs', 'ratio'], ...rows])}\n`);
    await writeJson(json, { events, rounds, ms, results });
  });
}

run('bench:partitions', main);
