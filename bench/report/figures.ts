import { z } from 'zod';
import { type Sample, totalCpu } from '../measure/load.ts';
import type { Measurement } from '../measure/rounds.ts';
import { runMetadata } from './run-metadata.ts';
import { spreadOf } from './spread.ts';

/** A row is noisy if the CPU times of its rounds differ by more than this share of their median. */
const MAX_SPREAD = 0.2;

/** A row is noisy if other processes used more than this share of the machine during half of its rounds. */
const MAX_OTHER_LOAD = 0.1;

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

const row = z.object({
  operation: z.string(),
  contestant: z.string(),
  connections: z.number(),
  /** CPU time per request of the server and PostgreSQL together, and of each, in ms. */
  cpu: spread,
  serverCpu: spread,
  postgresCpu: spread,
  requestsPerSecond: spread,
  /** Latencies in ms. */
  p50: spread,
  p99: spread,
  peakMb: spread,
  /** Share of the machine's CPU time that other processes have used: 0 to 1. */
  otherLoad: spread,
  /** Whether other load on the machine makes the figures unreliable. */
  isNoisy: z.boolean(),
  /** The CPU time of each other server divided by that of this one, by rounds that followed each other: above 1, this one is cheaper. */
  cheaperThan: z.record(z.string(), spread),
});

/** The content of the `--json` file. */
export const figuresSchema = z.object({
  date: z.string(),
  machine: z.string(),
  node: z.string(),
  users: z.number(),
  rounds: z.number(),
  seconds: z.number(),
  poolSize: z.number(),
  rows: z.array(row),
});

export type Figures = z.infer<typeof figuresSchema>;
export type FigureRow = z.infer<typeof row>;

/** Summarizes the rounds. */
export function figuresOf(
  measurements: readonly Measurement[],
  run: Pick<Figures, 'users' | 'rounds' | 'seconds' | 'poolSize'>,
): Figures {
  return { ...runMetadata(), ...run, rows: measurements.map((measurement) => rowOf(measurement, measurements)) };
}

function rowOf(measurement: Measurement, all: readonly Measurement[]): FigureRow {
  const { operation, contestant, connections, samples } = measurement;
  const spreadBy = (metric: (sample: Sample) => number) => spreadOf(samples.map(metric));
  const cpu = spreadBy(totalCpu);
  const otherLoad = spreadBy((sample) => sample.otherLoad);
  const others = all.filter(
    (other) => other.operation === operation && other.connections === connections && other !== measurement,
  );
  return {
    operation,
    contestant,
    connections,
    cpu,
    serverCpu: spreadBy((sample) => sample.serverCpu),
    postgresCpu: spreadBy((sample) => sample.postgresCpu),
    requestsPerSecond: spreadBy((sample) => sample.requestsPerSecond),
    p50: spreadBy((sample) => sample.p50),
    p99: spreadBy((sample) => sample.p99),
    peakMb: spreadBy((sample) => sample.peakMb),
    otherLoad,
    isNoisy: cpu.max - cpu.min > MAX_SPREAD * cpu.median || otherLoad.median > MAX_OTHER_LOAD,
    cheaperThan: Object.fromEntries(
      others.map((other) => [other.contestant, spreadOf(costRatios(other, measurement))]),
    ),
  };
}

/** The CPU time of one server divided by that of another, for each round. */
function costRatios(one: Measurement, other: Measurement): number[] {
  return one.samples.flatMap((sample, round) => {
    const paired = other.samples[round];
    return paired ? totalCpu(sample) / totalCpu(paired) : [];
  });
}
