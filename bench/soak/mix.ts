import type { Workload } from '../compare-responses.ts';
import type { OperationName } from '../operations.ts';

/** Share of each operation in percent: an application that mostly reads and tracks single users, and sometimes pages. */
export const weights: Readonly<Record<OperationName, number>> = {
  user: 40,
  page: 10,
  'page-far': 5,
  'page-count': 5,
  entities: 10,
  'add-event': 20,
  'update-user': 10,
  // Excluded, so that the figures can be compared with those of earlier runs.
  typename: 0,
  persisted: 0,
  'page-hot': 0,
  'rest-page': 0,
  filtered: 0,
  search: 0,
  segment: 0,
  'add-events': 0,
  // Excluded: each input can be used only once.
  'upsert-user': 0,
};

/** Sends a request. @throws {Error} if the response is not correct. */
export type Send = () => Promise<unknown>;

/**
 * An endless sequence of requests to the first server. Operations occur according to their weights, spread evenly by smooth
 * weighted round-robin. The inputs of an operation are used in turn.
 */
export function* requestMix(workloads: readonly Workload[]): Generator<Send, never> {
  const entries = workloads.flatMap(({ operation, requestSets: [requestSet] }) =>
    requestSet ? { requestSet, weight: weights[operation], currentWeight: 0, sent: 0 } : [],
  );
  const totalWeight = entries.reduce((sum, { weight }) => sum + weight, 0);
  for (;;) {
    for (const entry of entries) entry.currentWeight += entry.weight;
    const next = entries.reduce((max, entry) => (entry.currentWeight > max.currentWeight ? entry : max));
    next.currentWeight -= totalWeight;
    const { requestSet } = next;
    const request = requestSet.requests[next.sent % requestSet.requests.length];
    next.sent += 1;
    if (request) yield () => requestSet.send(request);
  }
}
