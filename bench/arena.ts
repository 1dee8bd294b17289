import { type Asking, agree } from './agree.ts';
import { prepare } from './contestants/asked.ts';
import type { Contestant, Setting } from './contestants/contestant.ts';
import { type Running, start } from './contestants/running.ts';
import { connect, openBenchDatabase } from './database/open.ts';
import { prepareDatabase } from './database/prepare.ts';
import { restore } from './database/restore.ts';
import { type Inputs, pickInputs, type QuestionName } from './questions.ts';

/** Connections to the database that each contestant has; usergraph's default. */
const POOL_SIZE = 10;

/** What is to be asked of whom. */
export interface Plan {
  /** Users in the database. */
  users: number;
  contestants: readonly Contestant[];
  questions: readonly QuestionName[];
}

/** A filled database with contestants that run on it and agree in their answers. */
export interface Arena {
  /** The questions, with those who can be asked them. */
  askings: readonly Asking[];
  /** Puts the rows back that were written. */
  restore(): Promise<void>;
}

/**
 * Sets everything up, checks that all answer alike, and takes everything down again when the work is done or interrupted.
 * @throws where they do not answer alike.
 */
export async function inArena<Result>(
  plan: Plan,
  say: (line: string) => void,
  work: (arena: Arena) => Promise<Result>,
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const interrupt = () => void stack.disposeAsync().finally(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  stack.defer(() => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt));
  say('Starting PostgreSQL');
  const { url } = stack.use(await openBenchDatabase(plan.users));
  const workspaceId = await prepareDatabase(url, plan.users, say);
  const client = stack.use(await connect({ connectionString: url }));
  const setting = { databaseUrl: url, workspaceId, poolSize: POOL_SIZE };
  const running: Running[] = [];
  for (const contestant of plan.contestants) {
    say(`Starting ${contestant.title}`);
    running.push(stack.use(await start(contestant, setting)));
  }
  const inputs = await pickInputs(client, plan.users);
  const askings: Asking[] = [];
  for (const name of plan.questions) {
    say(`Comparing answers: ${name}`);
    const asking = ask(name, running, setting, inputs[name]);
    await agree(asking, client, workspaceId);
    askings.push(asking);
  }
  return await work({ askings, restore: () => restore(client, workspaceId) });
}

function ask<Name extends QuestionName>(
  name: Name,
  running: readonly Running[],
  setting: Setting,
  inputs: readonly Inputs[Name][],
): Asking<Name> {
  return { name, inputs, asked: running.flatMap((each) => prepare(each, setting, name, inputs) ?? []) };
}
