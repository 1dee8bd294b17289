import { floor } from './contestants/floor.ts';
import { usergraph } from './contestants/usergraph.ts';
import { measureImport } from './import/measure.ts';
import { SMOKE as IMPORT_SMOKE } from './import/options.ts';
import { measure } from './measure/rounds.ts';
import { type OperationName, operations } from './operations.ts';
import { measurePartitions } from './partitions/measure.ts';
import { SMOKE as PARTITIONS_SMOKE } from './partitions/options.ts';
import { measureVariants } from './reads/measure-variants.ts';
import { operations as readsOperations } from './reads/operations.ts';
import { createProgress, type Progress } from './report/progress.ts';
import { run } from './run.ts';
import { measureSizes } from './scale/measure-sizes.ts';
import { measureSegments } from './segments/measure.ts';
import { SMOKE } from './segments/options.ts';
import { soak } from './soak/soak.ts';
import { withTestBed } from './test-bed.ts';

/** Users in the database. */
const USERS = 200;

/** `npm run bench:smoke`: runs every benchmark on a small database. Checks responses, not times. */
async function smoke(): Promise<void> {
  const progress = createProgress();
  await smokeBench(progress);
  await smokeSoak(progress);
  await smokeScale(progress);
  await smokeReads(progress);
  await smokeSegments(progress);
  await smokePartitions(progress);
  await smokeImport(progress);
  progress.clear();
}

async function smokeBench({ show }: Progress): Promise<void> {
  const options = { users: USERS, contestants: [usergraph, floor], operations: operations.map(({ name }) => name) };
  const serversOf = (operation: OperationName) =>
    operations.find(({ name }) => name === operation)?.isOwn ? 1 : options.contestants.length;
  const measurements = await withTestBed(options, show, async (testBed) => {
    for (const { operation, requestSets } of testBed.workloads) {
      const servers = serversOf(operation);
      if (requestSets.length !== servers) {
        throw new Error(`${operation} must be sent to ${servers} servers; was sent to ${requestSets.length}.`);
      }
    }
    return measure(testBed, { rounds: 1, seconds: 1, warmUp: 0 }, show);
  });
  const expected = options.operations.reduce((sum, name) => sum + serversOf(name), 0);
  if (measurements.length !== expected) {
    throw new Error(`bench must return ${expected} measurements; got ${measurements.length}.`);
  }
  process.stdout.write(`bench: responses of ${operations.length} operations are equal\n`);
}

async function smokeSoak(progress: Progress): Promise<void> {
  const { answered, errors, firstError, samples } = await soak(
    { users: USERS, seconds: 2, rate: 100, connections: 5 },
    progress,
  );
  if (errors > 0) throw new Error(`${errors} requests of bench:soak failed. First error: ${firstError}`);
  if (answered === 0) throw new Error('bench:soak received no responses.');
  if (samples.length !== 3) throw new Error(`bench:soak must take 3 memory samples in 2 s; took ${samples.length}.`);
  process.stdout.write('bench:soak: all requests succeeded\n');
}

async function smokeScale({ show }: Progress): Promise<void> {
  const options = { users: USERS, operations: ['add-event' as const], rounds: 1, seconds: 1, warmUp: 0 };
  const [comparison] = await measureSizes(options, show);
  if (comparison?.small.length !== 1 || comparison.large.length !== 1) {
    throw new Error('bench:scale must measure one round on each database.');
  }
  process.stdout.write('bench:scale: both databases were measured\n');
}

async function smokeReads({ show }: Progress): Promise<void> {
  const measurements = await measureVariants({ users: USERS, rounds: 1, ms: 10 }, show);
  if (measurements.some(({ timings }) => timings.length !== 1)) {
    throw new Error('bench:reads must time one round of each variant.');
  }
  process.stdout.write(`bench:reads: all variants of ${readsOperations.length} operations return equal results\n`);
}

async function smokeSegments({ show }: Progress): Promise<void> {
  const { live, burst } = await measureSegments(SMOKE, undefined, show);
  const unseen = live.turns.reduce((sum, turn) => sum + turn.unseen, burst.otherUnseen);
  if (unseen > 0) throw new Error(`${unseen} writes of bench:segments did not become visible in a segment.`);
  if (live.turns.flatMap(({ lags }) => lags).length === 0) throw new Error('bench:segments followed no writes.');
  if (live.lateness.length === 0) throw new Error('bench:segments met no due instants.');
  if (live.alone.changes === 0 || burst.users !== SMOKE.burst || burst.rows === 0) {
    throw new Error('bench:segments must consume a backlog and an import.');
  }
  process.stdout.write('bench:segments: all writes, due instants and imported users arrived in their segments\n');
}

async function smokePartitions({ show }: Progress): Promise<void> {
  const results = await measurePartitions(PARTITIONS_SMOKE, undefined, show);
  process.stdout.write(`bench:partitions: ${results.length} reads return the same with and without partitions\n`);
}

async function smokeImport({ show }: Progress): Promise<void> {
  const { transfers, requests, latency } = await measureImport(IMPORT_SMOKE, undefined, show);
  if ([transfers, requests, latency].some((rounds) => rounds.length !== IMPORT_SMOKE.rounds)) {
    throw new Error('bench:import must measure one round of each part.');
  }
  if (latency.some(({ during }) => during.length === 0))
    throw new Error('bench:import sent no requests during an import.');
  process.stdout.write('bench:import: files and bulk mutations were written completely\n');
}

run('bench:smoke', smoke);
