import type { ShowProgress } from '../report/progress.ts';
import { backfill, createSegments, deleteSegments, type SegmentDatabase } from './database.ts';
import type { BenchSegment } from './filters.ts';
import { type CpuTime, measureOwnCpu } from './gateway.ts';

/** Seconds for which a backfill is measured, at most. */
const MAX_SECONDS = 60;

/** How fast the members of new segments are computed, while nothing else happens. */
export interface BackfillResult {
  name: string;
  segments: number;
  users: number;
  ms: number;
  cpu: CpuTime;
}

/** Measures the backfill of new segments, and deletes them. */
export async function measureBackfill(
  database: SegmentDatabase,
  name: string,
  segments: readonly BenchSegment[],
  showProgress: ShowProgress,
): Promise<BackfillResult> {
  const result = await computeSegments(database, name, segments, MAX_SECONDS, showProgress);
  await deleteSegments(database.client);
  return result;
}

/** Creates segments and computes their members. @returns what it took, and the ids of the segments by name. */
export async function computeSegments(
  { db, client, workspaceId }: SegmentDatabase,
  name: string,
  segments: readonly BenchSegment[],
  maxSeconds: number,
  showProgress: ShowProgress,
): Promise<BackfillResult & { ids: Map<string, string> }> {
  const ids = await createSegments(db, workspaceId, segments);
  const started = performance.now();
  const endCpu = await measureOwnCpu(client);
  const users = await backfill(db, workspaceId, (count) => {
    showProgress(`Computing ${name}: ${count} users`);
    return performance.now() - started < maxSeconds * 1_000;
  });
  const cpu = await endCpu();
  return { name, segments: segments.length, users, ms: performance.now() - started, cpu, ids };
}
