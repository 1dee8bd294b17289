import type { RequestSet } from '../contestants/request-set.ts';
import { type OperationName, operations } from '../operations.ts';
import type { ShowProgress } from '../report/progress.ts';
import type { TestBed } from '../test-bed.ts';
import { applyLoad, DEFAULT_CONNECTIONS, type Load, NoResponseError, type Sample } from './load.ts';

/**
 * Time for which each server warms up on an operation, unless `--warm-up` says otherwise, before the rounds of the first number of connections: until V8 has
 * optimized its code, and each connection to PostgreSQL has generic plans.
 */
export const WARM_UP_SECONDS = 8;

export interface MeasureOptions {
  rounds: number;
  /** Seconds per round. */
  seconds: number;
  /** Numbers of concurrent connections to a server, which are measured one after the other. */
  connections?: readonly number[];
  /** Seconds for which each server warms up on an operation. */
  warmUp: number;
}

/** The results of one operation on one server with a number of connections, with a sample per round. */
export interface Measurement {
  operation: OperationName;
  contestant: string;
  connections: number;
  samples: Sample[];
}

/** Measures each operation in rounds that alternate between servers, so that other load on the machine affects all of them. */
export async function measure(
  testBed: TestBed,
  { rounds, seconds, connections: counts = [DEFAULT_CONNECTIONS], warmUp }: MeasureOptions,
  showProgress: ShowProgress,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { operation, requestSets } of testBed.workloads) {
    const apply = loadOf(testBed, operation);
    for (const requestSet of warmUp > 0 ? requestSets : []) {
      showProgress(`${operation}: warming up ${requestSet.server.contestant.name}`);
      await apply(requestSet, { seconds: warmUp, connections: DEFAULT_CONNECTIONS });
    }
    for (const connections of counts) {
      const runs = requestSets.map((requestSet) => {
        const contestant = requestSet.server.contestant.name;
        return { requestSet, contestant, samples: [] as Sample[] };
      });
      for (let round = 1; round <= rounds; round += 1) {
        for (const { requestSet, contestant, samples } of runs) {
          showProgress(`${operation}, connections: ${connections}, round ${round} of ${rounds}, ${contestant}`);
          const sample = await apply(requestSet, { seconds, connections });
          if (sample) samples.push(sample);
        }
      }
      const complete = runs.filter(({ samples }) => samples.length === rounds);
      measurements.push(
        ...complete.map(({ contestant, samples }) => ({ operation, contestant, connections, samples })),
      );
    }
    await testBed.restore();
  }
  return measurements;
}

/**
 * Returns a function that applies a load of an operation to a server, and waits until its work is done. A server that sends no response
 * is left out of the operation from then on, which is printed, so that it does not end the run of the others.
 */
function loadOf(testBed: TestBed, operation: OperationName) {
  const { consumesInputs = false } = operations.find(({ name }) => name === operation) ?? {};
  const tooSlow = new Set<RequestSet>();
  return async (requestSet: RequestSet, load: Load): Promise<Sample | undefined> => {
    if (tooSlow.has(requestSet)) return undefined;
    try {
      return await applyLoad(requestSet, testBed.client, load);
    } catch (error) {
      if (!(error instanceof NoResponseError)) throw error;
      tooSlow.add(requestSet);
      process.stderr.write(`\n${operation}: ${error.message} It is left out.\n`);
      return undefined;
    } finally {
      await testBed.waitUntilIdle();
      if (consumesInputs) await testBed.restore();
    }
  };
}
