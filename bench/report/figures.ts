import { z } from 'zod';
import type { Measured } from '../measure/rounds.ts';
import { spreadOf } from './spread.ts';
import { surroundings } from './surroundings.ts';

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

const row = z.object({
  question: z.string(),
  contestant: z.string(),
  requestsPerSecond: spread,
  /** Latencies in ms. */
  p50: spread,
  p99: spread,
  /** Of the contestant's process, in ms. */
  cpuPerRequest: spread,
  peakMb: spread,
});

/** What a run has found, as `--json` writes it. */
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

/** Sums the rounds up. */
export function figuresOf(measured: readonly Measured[], run: Pick<Figures, 'users' | 'rounds' | 'seconds'>): Figures {
  return {
    ...surroundings(),
    ...run,
    rows: measured.map(({ question, contestant, samples }) => ({
      question,
      contestant,
      requestsPerSecond: spreadOf(samples.map((sample) => sample.requestsPerSecond)),
      p50: spreadOf(samples.map((sample) => sample.p50)),
      p99: spreadOf(samples.map((sample) => sample.p99)),
      cpuPerRequest: spreadOf(samples.map((sample) => sample.cpuPerRequest)),
      peakMb: spreadOf(samples.map((sample) => sample.peakMb)),
    })),
  };
}

/** How many times the requests/s of another contestant a row has; nothing where the other was not asked. */
export function ratio(figures: Figures, row: FigureRow, other: string): number | undefined {
  const base = figures.rows.find(({ question, contestant }) => question === row.question && contestant === other);
  return base && row.requestsPerSecond.median / base.requestsPerSecond.median;
}
