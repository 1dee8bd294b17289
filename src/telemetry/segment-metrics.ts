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

/** Segment metrics of this process, with Prometheus names. */
export interface SegmentMetrics {
  /** Age of the oldest change or due instant of the last step when its effects had been written. */
  usergraph_segments_lag_seconds: number;
  /** Maximum lag since the process started. */
  usergraph_segments_lag_max_seconds: number;
  /** Number of workspaces with more changes waiting after their last step. */
  usergraph_segments_backlog_workspaces: number;
  usergraph_segments_changes_total: number;
  usergraph_segments_due_total: number;
  usergraph_segments_evaluations_total: number;
  usergraph_segments_entered_total: number;
  usergraph_segments_exited_total: number;
}

const metrics: SegmentMetrics = {
  usergraph_segments_lag_seconds: 0,
  usergraph_segments_lag_max_seconds: 0,
  usergraph_segments_backlog_workspaces: 0,
  usergraph_segments_changes_total: 0,
  usergraph_segments_due_total: 0,
  usergraph_segments_evaluations_total: 0,
  usergraph_segments_entered_total: 0,
  usergraph_segments_exited_total: 0,
};

/** Records a step. Call it when the effects have been written. */
export function recordSegmentStep({ changes, dues, evaluations, entered, exited, oldestAt }: SegmentStep): void {
  if (oldestAt !== undefined) {
    const lag = Math.max(Date.now() - oldestAt, 0) / 1_000;
    metrics.usergraph_segments_lag_seconds = lag;
    metrics.usergraph_segments_lag_max_seconds = Math.max(metrics.usergraph_segments_lag_max_seconds, lag);
  }
  metrics.usergraph_segments_changes_total += changes;
  metrics.usergraph_segments_due_total += dues;
  metrics.usergraph_segments_evaluations_total += evaluations;
  metrics.usergraph_segments_entered_total += entered;
  metrics.usergraph_segments_exited_total += exited;
}

/** Sets the backlog. @param workspaces the number of workspaces with more changes waiting. */
export function setSegmentBacklog(workspaces: number): void {
  metrics.usergraph_segments_backlog_workspaces = workspaces;
}

/** Returns the current metrics. */
export const segmentMetrics = (): Readonly<SegmentMetrics> => ({ ...metrics });
