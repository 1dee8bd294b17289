import { openBenchPostgres } from '../database/open.ts';
import type { ShowProgress } from '../report/progress.ts';
import { withCleanup } from '../with-cleanup.ts';
import { type BackfillResult, computeSegments, measureBackfill } from './backfill.ts';
import { type BurstResult, measureBurst } from './burst.ts';
import { prepareSegmentDatabase } from './database.ts';
import { segmentFilters } from './filters.ts';
import { type LiveResult, measureLive } from './live.ts';
import type { SegmentSizes } from './options.ts';

/** What a run has measured. */
export interface SegmentResults {
  /** Of one segment on an attribute, of one on an event, of 40, and of all. */
  backfills: BackfillResult[];
  live: LiveResult;
  burst: BurstResult;
}

/** The segments of which some are computed alone: the same whatever the size of the run. */
const SAMPLES = 100;
/** Segments that are computed at once, beside one alone. */
const AT_ONCE = 40;

/** Measures backfill, live changes, due instants and an import. @param directory of the database, which is kept between runs. */
export function measureSegments(
  sizes: SegmentSizes,
  directory: string | undefined,
  showProgress: ShowProgress,
): Promise<SegmentResults> {
  return withCleanup(async (stack) => {
    showProgress('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres('segments', directory));
    const url = await postgres.databaseUrl(sizes.users);
    const database = await prepareSegmentDatabase(url, sizes.users, stack, showProgress);
    const segments = segmentFilters(sizes.segments, database.ageDays);
    const samples = segmentFilters(SAMPLES, database.ageDays);
    const one = (name: string) => samples.filter((segment) => segment.name === name);
    const backfills: BackfillResult[] = [];
    for (const [name, group] of [
      ['one segment on an attribute', one('plan 3')],
      ['one segment on an event', one('Paid, 30 days')],
      // Half of them on attributes, half on events.
      [`${AT_ONCE} segments at once`, samples.slice(AT_ONCE / 2, AT_ONCE + AT_ONCE / 2)],
    ] as const) {
      backfills.push(await measureBackfill(database, name, group, showProgress));
    }
    const { ids, ...all } = await computeSegments(
      database,
      `${segments.length} segments at once`,
      segments,
      Number.POSITIVE_INFINITY,
      showProgress,
    );
    backfills.push(all);
    await database.client.query('VACUUM ANALYZE segments, segment_definitions, segment_memberships, segment_due');
    const live = await measureLive(database, ids, sizes, showProgress);
    const burst = await measureBurst(database, sizes, showProgress);
    return { backfills, live, burst };
  });
}
