import { inArena } from './arena.ts';
import { measure } from './measure/rounds.ts';
import { readOptions } from './options.ts';
import { figuresOf } from './report/figures.ts';
import { createProgress } from './report/progress.ts';
import { tables } from './report/table.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';

/** `npm run bench`: measures usergraph against others on the same database; docs/performance.md tells how. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const progress = createProgress();
  const measured = await inArena(options, progress.say, (arena) =>
    measure(arena, { ...options, warmUp: true }, progress.say),
  );
  progress.done();
  const { users, rounds, seconds } = options;
  const figures = figuresOf(measured, { users, rounds, seconds });
  process.stdout.write(`${tables(figures)}\n`);
  await writeJson(options.json, figures);
}

run('bench', main);
