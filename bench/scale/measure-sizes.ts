import type { Workload } from '../compare-responses.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { openBenchPostgres } from '../database/open.ts';
import { type Measurement, type MeasureOptions, measure } from '../measure/rounds.ts';
import type { OperationName } from '../operations.ts';
import type { ShowProgress } from '../report/progress.ts';
import { openTestBed, type TestBed } from '../test-bed.ts';
import { withCleanup } from '../with-cleanup.ts';

/** Size of the larger database, as a multiple of the smaller one. */
const SIZE_FACTOR = 10;

/** The samples of one operation on both databases, by round. */
export interface SizeComparison {
  operation: OperationName;
  small: Measurement['samples'];
  large: Measurement['samples'];
}

/** Numbers of users in the two databases. */
export function databaseSizes(users: number): [small: number, large: number] {
  return [users, users * SIZE_FACTOR];
}

/** Measures two usergraph processes in alternating rounds, each on a database of its own on the same PostgreSQL. */
export function measureSizes(
  { users, operations, ...options }: MeasureOptions & { users: number; operations: readonly OperationName[] },
  showProgress: ShowProgress,
): Promise<SizeComparison[]> {
  return withCleanup(async (stack) => {
    showProgress('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres());
    const testBeds: TestBed[] = [];
    for (const size of databaseSizes(users)) {
      const contestant = { ...usergraph, name: nameOf(size), title: `usergraph on ${nameOf(size)}` };
      const testBedOptions = { users: size, contestants: [contestant], operations };
      testBeds.push(await openTestBed(testBedOptions, postgres, stack, showProgress));
    }
    const measurements = await measure(mergeTestBeds(testBeds), options, showProgress);
    return operations.map((operation) => {
      const [small = [], large = []] = databaseSizes(users).map((size) =>
        samplesOf(measurements, operation, nameOf(size)),
      );
      return { operation, small, large };
    });
  });
}

const nameOf = (size: number) => `${size.toLocaleString('en')} users`;

/** Combines test beds into one that sends each operation to the servers of all of them. */
function mergeTestBeds(testBeds: readonly TestBed[]): TestBed {
  const byOperation = Map.groupBy(
    testBeds.flatMap(({ workloads }) => workloads),
    ({ operation }) => operation,
  );
  const workloads = [...byOperation].map(
    ([operation, parts]): Workload => ({
      operation,
      inputs: [],
      requestSets: parts.flatMap(({ requestSets }) => requestSets),
    }),
  );
  const [first] = testBeds;
  if (!first) throw new Error('There must be a test bed.');
  return {
    workloads,
    client: first.client,
    waitUntilIdle: async () => {
      for (const testBed of testBeds) await testBed.waitUntilIdle();
    },
    restore: async () => {
      for (const testBed of testBeds) await testBed.restore();
    },
  };
}

function samplesOf(
  measurements: readonly Measurement[],
  operation: OperationName,
  contestant: string,
): Measurement['samples'] {
  const measurement = measurements.find((each) => each.operation === operation && each.contestant === contestant);
  return measurement?.samples ?? [];
}
