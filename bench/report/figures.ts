import { z } from 'zod';
import type { Measurement } from '../measure/rounds.ts';
import { runMetadata } from './run-metadata.ts';
import { spreadOf } from './spread.ts';

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

const row = z.object({
  operation: z.string(),
  contestant: z.string(),
  requestsPerSecond: spread,
  /** Latencies in ms. */
  p50: spread,
  p99: spread,
  /** CPU time of the server's process, in ms. */
  cpuPerRequest: spread,
  peakMb: spread,
});

/** The content of the `--json` file. */
export const figuresSchema = z.object({
  date: z.string(),
  machine: z.string(),
  node: z.string(),
  users: z.number(),
  rounds: z.number(),
  seconds: z.number(),
  rows: z.array(row),
});

export type Figures = z.infer<typeof figuresSchema>;
export type FigureRow = z.infer<typeof row>;

/** Summarizes the rounds. */
export function figuresOf(
  measurements: readonly Measurement[],
  run: Pick<Figures, 'users' | 'rounds' | 'seconds'>,
): Figures {
  return {
    ...runMetadata(),
    ...run,
    rows: measurements.map(({ operation, contestant, samples }) => ({
      operation,
      contestant,
      requestsPerSecond: spreadOf(samples.map((sample) => sample.requestsPerSecond)),
      p50: spreadOf(samples.map((sample) => sample.p50)),
      p99: spreadOf(samples.map((sample) => sample.p99)),
      cpuPerRequest: spreadOf(samples.map((sample) => sample.cpuPerRequest)),
      peakMb: spreadOf(samples.map((sample) => sample.peakMb)),
    })),
  };
}

/** Ratio of a row's requests/s to those of another server, or undefined if the other server was not measured. */
export function ratio(figures: Figures, row: FigureRow, other: string): number | undefined {
  const base = figures.rows.find(({ operation, contestant }) => operation === row.operation && contestant === other);
  return base && row.requestsPerSecond.median / base.requestsPerSecond.median;
}
