import { inArena } from './arena.ts';
import { floor } from './contestants/floor.ts';
import { usergraph } from './contestants/usergraph.ts';
import { measure } from './measure/rounds.ts';
import { questions } from './questions.ts';
import { measureWays } from './reads/measure-ways.ts';
import { operations } from './reads/operations.ts';
import { createProgress, type Progress } from './report/progress.ts';
import { run } from './run.ts';
import { measureSizes } from './scale/measure-sizes.ts';
import { soak } from './soak/soak.ts';

/** Users in the database. */
const USERS = 200;

/** `npm run bench:smoke`: that the benchmark's programs work, on small databases. It asserts answers and never times. */
async function smoke(): Promise<void> {
  const progress = createProgress();
  await smokeBench(progress);
  await smokeSoak(progress);
  await smokeScale(progress);
  await smokeReads(progress);
  progress.done();
}

async function smokeBench({ say }: Progress): Promise<void> {
  const plan = { users: USERS, contestants: [usergraph, floor], questions: questions.map(({ name }) => name) };
  const measured = await inArena(plan, say, async (arena) => {
    for (const { name, asked } of arena.askings) {
      if (asked.length !== plan.contestants.length) throw new Error(`Not all were asked ${name}.`);
    }
    return measure(arena, { rounds: 1, seconds: 1, warmUp: false }, say);
  });
  if (measured.length !== questions.length * plan.contestants.length) throw new Error('Not all were measured.');
  process.stdout.write(`bench: ${questions.length} questions agree\n`);
}

async function smokeSoak(progress: Progress): Promise<void> {
  const { answered, errors, firstError, samples } = await soak(
    { users: USERS, seconds: 2, rate: 100, connections: 5 },
    progress,
  );
  if (errors > 0) throw new Error(`${errors} of the soak's requests failed: ${firstError}`);
  if (answered === 0 || samples.length !== 3) throw new Error('The soak has not gone on for its time.');
  process.stdout.write('bench:soak: all requests answered\n');
}

async function smokeScale({ say }: Progress): Promise<void> {
  const plan = { users: USERS, questions: ['add-event' as const], rounds: 1, seconds: 1, warmUp: false };
  const [sizes] = await measureSizes(plan, say);
  if (sizes?.small.length !== 1 || sizes.large.length !== 1) throw new Error('Not both sizes were measured.');
  process.stdout.write('bench:scale: both sizes answer\n');
}

async function smokeReads({ say }: Progress): Promise<void> {
  const timed = await measureWays({ users: USERS, rounds: 1, ms: 10 }, say);
  if (timed.some(({ timings }) => timings.length !== 1)) throw new Error('Not all ways were timed.');
  process.stdout.write(`bench:reads: all ways of ${operations.length} operations agree\n`);
}

run('bench:smoke', smoke);
