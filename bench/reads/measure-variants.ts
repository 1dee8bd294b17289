import { connect, openBenchPostgres } from '../database/open.ts';
import { prepareDatabase } from '../database/prepare.ts';
import { restore } from '../database/restore.ts';
import type { ShowProgress } from '../report/progress.ts';
import { withCleanup } from '../with-cleanup.ts';
import { compareResults, type Result } from './compare-results.ts';
import { pickOperationInputs } from './inputs.ts';
import { type OperationInputs, type OperationName, type Operations, operations } from './operations.ts';
import { type Timing, time } from './time.ts';
import { openVariants, type Variant } from './variants.ts';

/** Inputs of an operation whose results are compared. */
const COMPARED_INPUTS = 5;

export interface TimingOptions {
  /** Users in the database. */
  users: number;
  rounds: number;
  /** Length of the warm-up and of each round, in ms. */
  ms: number;
}

/** The timings of one operation in one variant, by round. */
export interface VariantTimings {
  operation: OperationName;
  variant: string;
  timings: Timing[];
}

/** Checks that all variants return equal results, and times each operation in rounds that alternate between variants. */
export function measureVariants(options: TimingOptions, showProgress: ShowProgress): Promise<VariantTimings[]> {
  return withCleanup(async (stack) => {
    showProgress('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres());
    const databaseUrl = await postgres.databaseUrl(options.users);
    const workspaceId = await prepareDatabase(databaseUrl, options.users, showProgress);
    const client = stack.use(await connect({ connectionString: databaseUrl }));
    const variants = openVariants(databaseUrl, workspaceId, stack);
    const inputs = await pickOperationInputs(client, options.users);
    const measurements: VariantTimings[] = [];
    for (const { name, ignored } of operations) {
      measurements.push(...(await measureOperation(name, ignored, variants, inputs[name], options, showProgress)));
      await restore(client, workspaceId);
    }
    return measurements;
  });
}

async function measureOperation<Name extends OperationName>(
  operation: Name,
  ignored: readonly string[],
  variants: readonly Variant[],
  inputs: readonly OperationInputs[Name][],
  { rounds, ms }: TimingOptions,
  showProgress: ShowProgress,
): Promise<VariantTimings[]> {
  const runs = variants.map(({ name, operations }) => {
    const run: Operations[Name] = operations[operation];
    const runWithInput = (count: number) => run(inputAt(inputs, count));
    return { variant: name, runWithInput, timings: [] as Timing[] };
  });
  showProgress(`${operation}: comparing results`);
  for (let index = 0; index < COMPARED_INPUTS; index += 1) {
    const results: Result[] = [];
    for (const { variant, runWithInput } of runs) results.push({ variant, value: await runWithInput(index) });
    compareResults(operation, results, ignored);
  }
  for (const { runWithInput } of runs) await time(runWithInput, ms);
  for (let round = 1; round <= rounds; round += 1) {
    for (const { variant, runWithInput, timings } of runs) {
      showProgress(`${operation}: round ${round} of ${rounds}, ${variant}`);
      timings.push(await time(runWithInput, ms));
    }
  }
  return runs.map(({ variant, timings }) => ({ operation, variant, timings }));
}

/** Cycles through the inputs. */
function inputAt<Input>(inputs: readonly Input[], count: number): Input {
  const input = inputs[count % inputs.length];
  if (input === undefined) throw new Error('The database has no rows to use as inputs.');
  return input;
}
