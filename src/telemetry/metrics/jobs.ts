import { Counter, Gauge, type Registry } from 'prom-client';
import { type JobMessage, jobChannel, partitionChannel, type Unsubscribe } from '../channels.ts';
import { LAG_BUCKETS, type SegmentMetrics, segmentLag, segmentMetrics } from '../segment-metrics.ts';
import { FastHistogram } from './histogram.ts';

/** What is known of a job, with times by `performance.now()`. */
interface JobState {
  running: number;
  /** When a step last succeeded; the first start until then. */
  succeededAt: number;
  /** When a step last found no work. */
  idleAt: number;
}

/** Metrics of background jobs. */
export function jobMetrics(registry: Registry): Unsubscribe[] {
  const jobs = new Map<string, JobState>();
  const steps = new Counter({
    name: 'usergraph_job_steps_total',
    help: 'Steps of background jobs: that worked, that found no work, and that failed.',
    labelNames: ['job_name', 'result'],
    registers: [registry],
  });
  const stepSeconds = new Counter({
    name: 'usergraph_job_step_seconds_total',
    help: 'Total duration of the steps of background jobs.',
    labelNames: ['job_name'],
    registers: [registry],
  });
  addJobGauges(registry, jobs);
  const stateOf = (name: string) => jobs.get(name) ?? addJob(jobs, steps, name);
  return [
    jobChannel.subscribe({
      start: ({ name }) => {
        stateOf(name).running += 1;
      },
      end: (message, seconds) => {
        const state = stateOf(message.name);
        const result = resultOf(message);
        state.running -= 1;
        if (result !== 'failed') state.succeededAt = performance.now();
        if (result === 'idle') state.idleAt = performance.now();
        steps.inc({ job_name: message.name, result });
        stepSeconds.inc({ job_name: message.name }, seconds);
      },
    }),
  ];
}

/** Metrics of the partitions of `events`, as a job has last read them. */
export function partitionMetrics(registry: Registry): Unsubscribe[] {
  const end = new Gauge({
    name: 'usergraph_event_partitions_end_timestamp_seconds',
    help: 'When the last partition of events ends, in seconds since 1970; 0 if events is not partitioned.',
    registers: [registry],
    aggregator: 'max',
  });
  return [partitionChannel.subscribe(({ until }) => end.set((until?.getTime() ?? 0) / 1_000))];
}

function addJob(jobs: Map<string, JobState>, steps: Counter, name: string): JobState {
  const now = performance.now();
  const state = { running: 0, succeededAt: now, idleAt: now };
  jobs.set(name, state);
  // Prometheus does not see the first increment of a series that did not exist before.
  for (const result of RESULTS) steps.inc({ job_name: name, result }, 0);
  return state;
}

const RESULTS = ['worked', 'idle', 'failed'] as const;

function resultOf({ error, hasWorked }: JobMessage): (typeof RESULTS)[number] {
  if (error !== undefined) return 'failed';
  return hasWorked ? 'worked' : 'idle';
}

/** With several workers, the maximum: a job that hangs in one of them must be seen. */
function addJobGauges(registry: Registry, jobs: ReadonlyMap<string, JobState>): void {
  const gauge = (metric: string, help: string, read: (state: JobState) => number, aggregator: 'max' | 'sum') =>
    new Gauge({
      name: metric,
      help,
      labelNames: ['job_name'],
      registers: [registry],
      aggregator,
      collect() {
        for (const [name, state] of jobs) this.set({ job_name: name }, read(state));
      },
    });
  const secondsSince = (at: number) => (performance.now() - at) / 1_000;
  gauge('usergraph_job_running', 'Number of steps that are running.', ({ running }) => running, 'sum');
  gauge(
    'usergraph_job_seconds_since_success',
    'Time since a step of the job last succeeded.',
    ({ succeededAt }) => secondsSince(succeededAt),
    'max',
  );
  gauge(
    'usergraph_job_seconds_since_idle',
    'Time since the job last had no work left: how long its queue has not been empty.',
    ({ idleAt }) => secondsSince(idleAt),
    'max',
  );
}

type Name = Exclude<keyof SegmentMetrics, 'usergraph_segments_lag_seconds'>;

const SEGMENT_COUNTERS = {
  usergraph_segments_changes_total: 'Changes that segments have consumed.',
  usergraph_segments_due_total: 'Due instants that segments have consumed.',
  usergraph_segments_evaluations_total: 'Evaluations of a filter for a user.',
  usergraph_segments_entered_total: 'Entries into segments.',
  usergraph_segments_exited_total: 'Exits from segments.',
} satisfies Partial<Record<Name, string>>;

/** Each workspace is computed by one process, so that counts add up. */
const SEGMENT_GAUGES = {
  usergraph_segments_lag_max_seconds: ['Maximum lag since the process started.', 'max'],
  usergraph_segments_behind_seconds: ['For how long the workspace farthest behind has had changes waiting.', 'max'],
  usergraph_segments_backlog_workspaces: ['Workspaces with changes or due instants waiting.', 'sum'],
  usergraph_segments_computing_workspaces: ['Workspaces with definitions being computed or cleaned up.', 'sum'],
} satisfies Partial<Record<Name, readonly [string, 'max' | 'sum']>>;

/** Metrics of segments, which `segment-metrics.ts` keeps. */
export function segmentsMetrics(registry: Registry): void {
  new FastHistogram({
    name: 'usergraph_segments_lag_seconds',
    help: 'Age of the oldest change or due instant of each step when its effects had been written.',
    buckets: LAG_BUCKETS,
    registry,
  }).add(segmentLag);
  const registers = [registry];
  for (const name of namesOf(SEGMENT_COUNTERS)) {
    new Counter({
      name,
      help: SEGMENT_COUNTERS[name],
      registers,
      collect() {
        this.reset();
        this.inc(segmentMetrics()[name]);
      },
    });
  }
  for (const name of namesOf(SEGMENT_GAUGES)) {
    const [help, aggregator] = SEGMENT_GAUGES[name];
    new Gauge({
      name,
      help,
      aggregator,
      registers,
      collect() {
        this.set(segmentMetrics()[name]);
      },
    });
  }
}

/** The keys of an object literal. */
function namesOf<Key extends string>(object: Readonly<Record<Key, unknown>>): Key[] {
  // TypeScript types them as strings, since other objects can have more keys than their type.
  return Object.keys(object) as Key[];
}
