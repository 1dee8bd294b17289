import { type OperationName, operations } from '../operations.ts';
import type { ShowProgress } from '../report/progress.ts';
import type { TestBed } from '../test-bed.ts';
import { applyLoad, type Sample } from './load.ts';

/** Time for which each server warms up on an operation. */
const WARM_UP_SECONDS = 5;

export interface MeasureOptions {
  rounds: number;
  /** Seconds per round. */
  seconds: number;
  /** Concurrent connections to a server. */
  connections?: number;
  warmUp: boolean;
}

/** The results of one operation on one server, with a sample per round. */
export interface Measurement {
  operation: OperationName;
  contestant: string;
  samples: Sample[];
}

/** Measures each operation in rounds that alternate between servers, so that other load on the machine affects all of them. */
export async function measure(
  testBed: TestBed,
  { rounds, seconds, connections, warmUp }: MeasureOptions,
  showProgress: ShowProgress,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { operation, requestSets } of testBed.workloads) {
    const { consumesInputs = false } = operations.find(({ name }) => name === operation) ?? {};
    const finishRound = async () => {
      await testBed.waitUntilIdle();
      if (consumesInputs) await testBed.restore();
    };
    const runs = requestSets.map((requestSet) => {
      const contestant = requestSet.server.contestant.name;
      return { requestSet, contestant, samples: [] as Sample[] };
    });
    for (const { requestSet, contestant } of warmUp ? runs : []) {
      showProgress(`${operation}: warming up ${contestant}`);
      await applyLoad(requestSet, WARM_UP_SECONDS, connections);
      await finishRound();
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const { requestSet, contestant, samples } of runs) {
        showProgress(`${operation}: round ${round} of ${rounds}, ${contestant}`);
        samples.push(await applyLoad(requestSet, seconds, connections));
        await finishRound();
      }
    }
    measurements.push(...runs.map(({ contestant, samples }) => ({ operation, contestant, samples })));
    await testBed.restore();
  }
  return measurements;
}
