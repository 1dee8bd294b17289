import { inArena } from './arena.ts';
import { floor } from './contestants/floor.ts';
import { usergraph } from './contestants/usergraph.ts';
import { measure } from './measure/rounds.ts';
import { questions } from './questions.ts';
import { createProgress } from './report/progress.ts';

/** `npm run bench:smoke`: that the benchmark works, on a small database. It asserts answers and never times. */
async function smoke(): Promise<void> {
  const { say, done } = createProgress();
  const plan = { users: 200, contestants: [usergraph, floor], questions: questions.map(({ name }) => name) };
  const measured = await inArena(plan, say, async (arena) => {
    for (const { name, asked } of arena.askings) {
      if (asked.length !== plan.contestants.length) throw new Error(`Not all were asked ${name}.`);
    }
    return measure(arena, { rounds: 1, seconds: 1, warmUp: false }, say);
  });
  done();
  if (measured.length !== questions.length * plan.contestants.length) throw new Error('Not all were measured.');
  process.stdout.write(`bench: ${questions.length} questions agree\n`);
}

smoke().catch((error: unknown) => {
  process.stderr.write(`\nbench:smoke failed: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
