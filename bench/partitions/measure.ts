import { openDatabase } from '../../src/db/client.ts';
import { openBenchPostgres } from '../database/open.ts';
import { sessionCpuUs } from '../measure/process.ts';
import { time } from '../reads/time.ts';
import type { ShowProgress } from '../report/progress.ts';
import { spreadOf } from '../report/spread.ts';
import { withCleanup } from '../with-cleanup.ts';
import { countUsers, type FilledDatabase, prepareEvents } from './database.ts';
import type { PartitionSizes } from './options.ts';
import { type Read, reads } from './reads.ts';

/** Opens a session on a database, as a gateway does. */
async function openSession({ url, workspaceId }: FilledDatabase, stack: AsyncDisposableStack) {
  const db = stack.adopt(openDatabase({ connectionString: url }, { poolSize: 1 }), (open) => open.$disconnect());
  await db.indexes.refresh(db);
  const { rows } = await db.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return {
    run: (read: Read, number: number) => read.run(db, workspaceId, number),
    /** CPU time of the session's process in PostgreSQL, in µs. It hardly depends on what else the machine does. */
    cpu: () => sessionCpuUs(rows[0]?.pid),
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
  const { wall, calls } = await time((count) => call(read, count % users), ms);
  return { wall, cpu: ((await cpu()) - before) / calls };
}

/**
 * Calls before the first round, in which every user is read: the first read by id of a user reads a page. PostgreSQL chooses a plan for all
 * values after five.
 */
const MIN_WARM_UP_CALLS = 50;

/** Times a read in rounds that alternate between the databases, both of which return the same. */
async function measure(
  read: Read,
  [plain, partitioned]: [Session, Session],
  { rounds, ...options }: { rounds: number; ms: number; users: number },
) {
  const warmUpCalls = Math.max(MIN_WARM_UP_CALLS, options.users);
  for (let number = 0; number < warmUpCalls; number += 1) {
    const [expected, found] = [
      await plain.run(read, number % options.users),
      await partitioned.run(read, number % options.users),
    ];
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

/** Reads of as many users as this are measured, few enough that their rows stay in memory. */
const MAX_USERS = 200;

/** Fills both databases, unless an earlier run has, and measures all reads. @throws {Error} if results differ. */
export function measurePartitions(
  { events, rounds, ms }: PartitionSizes,
  directory: string | undefined,
  showProgress: ShowProgress,
) {
  return withCleanup(async (stack) => {
    showProgress('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres('partitions', directory));
    const plain = await prepareEvents(postgres, { events, isPartitioned: false }, showProgress);
    const partitioned = await prepareEvents(postgres, { events, isPartitioned: true }, showProgress);
    // Opened when both are filled: the pool closes sessions that are idle for long.
    const sessions: [Session, Session] = [await openSession(plain, stack), await openSession(partitioned, stack)];
    const users = Math.min(MAX_USERS, countUsers('active', events));
    const results: Awaited<ReturnType<typeof measure>>[] = [];
    for (const read of reads) {
      showProgress(read.name);
      results.push(await measure(read, sessions, { rounds, ms, users }));
    }
    return results;
  });
}
