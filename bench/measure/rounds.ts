import { type OperationName, operations } from '../operations.ts';
import type { ShowProgress } from '../report/progress.ts';
import type { TestBed } from '../test-bed.ts';
import { applyLoad, DEFAULT_CONNECTIONS, type Sample } from './load.ts';

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
    const { consumesInputs = false } = operations.find(({ name }) => name === operation) ?? {};
    const finishRound = async () => {
      await testBed.waitUntilIdle();
      if (consumesInputs) await testBed.restore();
    };
    for (const requestSet of warmUp > 0 ? requestSets : []) {
      showProgress(`${operation}: warming up ${requestSet.server.contestant.name}`);
      await applyLoad(requestSet, testBed.client, { seconds: warmUp, connections: DEFAULT_CONNECTIONS });
      await finishRound();
    }
    for (const connections of counts) {
      const runs = requestSets.map((requestSet) => {
        const contestant = requestSet.server.contestant.name;
        return { requestSet, contestant, samples: [] as Sample[] };
      });
      for (let round = 1; round <= rounds; round += 1) {
        for (const { requestSet, contestant, samples } of runs) {
          showProgress(`${operation}, connections: ${connections}, round ${round} of ${rounds}, ${contestant}`);
          samples.push(await applyLoad(requestSet, testBed.client, { seconds, connections }));
          await finishRound();
        }
      }
      measurements.push(...runs.map(({ contestant, samples }) => ({ operation, contestant, connections, samples })));
    }
    await testBed.restore();
  }
  return measurements;
}
