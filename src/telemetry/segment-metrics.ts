import { Series } from './series.ts';

/** Result of a step of the segment consumer. */
interface SegmentStep {
  changes: number;
  dues: number;
  evaluations: number;
  entered: number;
  exited: number;
  /** Time of the oldest change or due instant of the step, in ms since 1970; undefined if there was none. */
  oldestAt: number | undefined;
}

/** Upper bounds of the buckets of the lag, in seconds. */
export const LAG_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30] as const;

/** A cumulative histogram, as Prometheus defines it. */
interface Histogram {
  /** Number of observations at or below each bound. */
  buckets: ReadonlyMap<number, number>;
  sum: number;
  count: number;
}

/** Segment metrics of this process, with Prometheus names. */
export interface SegmentMetrics {
  /** For each step, the age of its oldest change or due instant when its effects had been written. */
  usergraph_segments_lag_seconds: Histogram;
  /** Maximum lag since the process started. */
  usergraph_segments_lag_max_seconds: number;
  /** Number of workspaces with changes or due instants waiting after their last step, including a step that failed. */
  usergraph_segments_backlog_workspaces: number;
  /** For how long the workspace that is farthest behind has had changes or due instants waiting, in seconds. */
  usergraph_segments_behind_seconds: number;
  /** Number of workspaces with definitions that are being computed or cleaned up. */
  usergraph_segments_computing_workspaces: number;
  usergraph_segments_changes_total: number;
  usergraph_segments_due_total: number;
  usergraph_segments_evaluations_total: number;
  usergraph_segments_entered_total: number;
  usergraph_segments_exited_total: number;
}

/** The lag of each step, in seconds. */
export const segmentLag = new Series(LAG_BUCKETS);

const metrics: Omit<SegmentMetrics, 'usergraph_segments_lag_seconds' | 'usergraph_segments_behind_seconds'> = {
  usergraph_segments_lag_max_seconds: 0,
  usergraph_segments_backlog_workspaces: 0,
  usergraph_segments_computing_workspaces: 0,
  usergraph_segments_changes_total: 0,
  usergraph_segments_due_total: 0,
  usergraph_segments_evaluations_total: 0,
  usergraph_segments_entered_total: 0,
  usergraph_segments_exited_total: 0,
};

/** Records a step. Call it when the effects have been written. */
export function recordSegmentStep({ changes, dues, evaluations, entered, exited, oldestAt }: SegmentStep): void {
  if (oldestAt !== undefined) recordLag(Math.max(Date.now() - oldestAt, 0) / 1_000);
  metrics.usergraph_segments_changes_total += changes;
  metrics.usergraph_segments_due_total += dues;
  metrics.usergraph_segments_evaluations_total += evaluations;
  metrics.usergraph_segments_entered_total += entered;
  metrics.usergraph_segments_exited_total += exited;
}

function recordLag(seconds: number): void {
  segmentLag.observe(seconds);
  metrics.usergraph_segments_lag_max_seconds = Math.max(metrics.usergraph_segments_lag_max_seconds, seconds);
}

/** When the workspace that is farthest behind began to be, in ms since 1970; undefined if none is. */
let oldestBehind: number | undefined;

/**
 * Sets which workspaces have changes or due instants waiting (`behind`: since when, in ms since 1970), and how many have
 * definitions being computed or cleaned up (`computing`).
 */
export function setSegmentBacklog({ behind, computing }: { behind: readonly number[]; computing: number }): void {
  oldestBehind = behind.length === 0 ? undefined : Math.min(...behind);
  metrics.usergraph_segments_backlog_workspaces = behind.length;
  metrics.usergraph_segments_computing_workspaces = computing;
}

/** Returns the current metrics. */
export const segmentMetrics = (): Readonly<SegmentMetrics> => ({
  ...metrics,
  usergraph_segments_behind_seconds: oldestBehind === undefined ? 0 : Math.max(Date.now() - oldestBehind, 0) / 1_000,
  usergraph_segments_lag_seconds: { buckets: segmentLag.buckets(), sum: segmentLag.sum, count: segmentLag.count },
});
