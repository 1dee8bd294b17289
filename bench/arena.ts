import { type Asking, agree } from './agree.ts';
import { prepare } from './contestants/asked.ts';
import type { Contestant, Setting } from './contestants/contestant.ts';
import { type Running, start } from './contestants/running.ts';
import { type BenchServer, connect, openBenchServer } from './database/open.ts';
import { prepareDatabase } from './database/prepare.ts';
import { restore } from './database/restore.ts';
import { interruptible } from './interruptible.ts';
import { settle } from './measure/settle.ts';
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
  /** Waits until all contestants are idle. */
  settle(): Promise<void>;
  /** Puts the rows back that were written. */
  restore(): Promise<void>;
}

/** Does some work in an arena of its own, and takes all down when it is done or interrupted. */
export function inArena<Result>(
  plan: Plan,
  say: (line: string) => void,
  work: (arena: Arena) => Promise<Result>,
): Promise<Result> {
  return interruptible(async (stack) => {
    say('Starting PostgreSQL');
    const server = stack.use(await openBenchServer());
    return await work(await openArena(plan, server, stack, say));
  });
}

/**
 * Sets an arena up, and checks that all answer alike.
 * @param stack takes what has to be taken down again. @throws where they do not answer alike.
 */
export async function openArena(
  plan: Plan,
  server: BenchServer,
  stack: AsyncDisposableStack,
  say: (line: string) => void,
): Promise<Arena> {
  const url = await server.database(plan.users);
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
  const pids = running.map(({ pid }) => pid);
  return { askings, settle: () => settle(pids, client), restore: () => restore(client, workspaceId) };
}

function ask<Name extends QuestionName>(
  name: Name,
  running: readonly Running[],
  setting: Setting,
  inputs: readonly Inputs[Name][],
): Asking<Name> {
  return { name, inputs, asked: running.flatMap((each) => prepare(each, setting, name, inputs) ?? []) };
}
