import { connect, openBenchServer } from '../database/open.ts';
import { prepareDatabase } from '../database/prepare.ts';
import { restore } from '../database/restore.ts';
import { interruptible } from '../interruptible.ts';
import { agreeOn, type Result } from './agree.ts';
import { pickOperationInputs } from './inputs.ts';
import { type OperationInputs, type OperationName, type Operations, operations } from './operations.ts';
import { type Timing, time } from './time.ts';
import { openWays, type Way } from './ways.ts';

/** How many inputs of an operation are tried before it is timed. */
const TRIED = 5;

/** How long to measure, on which database. */
export interface ReadsPlan {
  users: number;
  rounds: number;
  /** Length of a round in ms; as long is the warm-up. */
  ms: number;
}

/** What the rounds of one way with an operation have given. */
export interface Timed {
  operation: OperationName;
  way: string;
  timings: Timing[];
}

/** Times all ways with all operations in rounds that alternate, having checked that they do the same. */
export function measureWays(plan: ReadsPlan, say: (line: string) => void): Promise<Timed[]> {
  return interruptible(async (stack) => {
    say('Starting PostgreSQL');
    const server = stack.use(await openBenchServer());
    const url = await server.database(plan.users);
    const workspaceId = await prepareDatabase(url, plan.users, say);
    const client = stack.use(await connect({ connectionString: url }));
    const ways = openWays(url, workspaceId, stack);
    const inputs = await pickOperationInputs(client, plan.users);
    const timed: Timed[] = [];
    for (const { name, differing } of operations) {
      timed.push(...(await measureOperation(name, differing, ways, inputs[name], plan, say)));
      await restore(client, workspaceId);
    }
    return timed;
  });
}

async function measureOperation<Name extends OperationName>(
  operation: Name,
  differing: readonly string[],
  ways: readonly Way[],
  inputs: readonly OperationInputs[Name][],
  { rounds, ms }: ReadsPlan,
  say: (line: string) => void,
): Promise<Timed[]> {
  const runs = ways.map(({ name, operations }) => {
    const run: Operations[Name] = operations[operation];
    const runAt = (count: number) => run(inputAt(inputs, count));
    return { way: name, runAt, timings: [] as Timing[] };
  });
  say(`${operation}: comparing results`);
  for (let place = 0; place < TRIED; place += 1) {
    const results: Result[] = [];
    for (const { way, runAt } of runs) results.push({ way, value: await runAt(place) });
    agreeOn(operation, results, differing);
  }
  for (const { runAt } of runs) await time(runAt, ms);
  for (let round = 1; round <= rounds; round += 1) {
    for (const { way, runAt, timings } of runs) {
      say(`${operation}: round ${round} of ${rounds}, ${way}`);
      timings.push(await time(runAt, ms));
    }
  }
  return runs.map(({ way, timings }) => ({ operation, way, timings }));
}

/** Inputs come in turn, for all ways from the first one on. */
function inputAt<Input>(inputs: readonly Input[], count: number): Input {
  const input = inputs[count % inputs.length];
  if (input === undefined) throw new Error('The database has nothing to ask for.');
  return input;
}
