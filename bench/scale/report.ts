import { type Sample, totalCpu } from '../measure/load.ts';
import type { OperationName } from '../operations.ts';
import { markdownTable } from '../report/markdown-table.ts';
import { runMetadata } from '../report/run-metadata.ts';
import { formatSpread, type Spread, spreadOf } from '../report/spread.ts';
import { databaseSizes, type SizeComparison } from './measure-sizes.ts';
import type { ScaleOptions } from './options.ts';

/** Larger ratios are marked as too high. */
const MAX_RATIO = 1.3;

/** A metric on both databases. */
interface Comparison {
  small: Spread;
  large: Spread;
  /** Cost per request on the larger database divided by that on the smaller one, by pair of rounds. */
  ratio: Spread;
}

type Metric = (sample: Sample) => number;

interface Row {
  operation: OperationName;
  /** The ratio is that of the inverse, the time per request. */
  requestsPerSecond: Comparison;
  /** In ms. */
  p50: Comparison;
  /** CPU time of usergraph and PostgreSQL, in ms. */
  cpu: Comparison;
}

/** The content of the `--json` file. */
export interface ScaleFigures extends ReturnType<typeof runMetadata> {
  users: [small: number, large: number];
  rounds: number;
  seconds: number;
  rows: Row[];
}

/** Summarizes the rounds. */
export function scaleFigures(
  comparisons: readonly SizeComparison[],
  { users, rounds, seconds }: ScaleOptions,
): ScaleFigures {
  return {
    ...runMetadata(),
    users: databaseSizes(users),
    rounds,
    seconds,
    rows: comparisons.map((comparison) => ({
      operation: comparison.operation,
      requestsPerSecond: compare(
        comparison,
        ({ requestsPerSecond }) => requestsPerSecond,
        ({ requestsPerSecond }) => 1 / requestsPerSecond,
      ),
      p50: compare(comparison, ({ p50 }) => p50),
      cpu: compare(comparison, totalCpu),
    })),
  };
}

/** @param cost the metric of the ratio, if it is another one. */
function compare({ small, large }: SizeComparison, metric: Metric, cost: Metric = metric): Comparison {
  const costs = large.map(cost);
  return {
    small: spreadOf(small.map(metric)),
    large: spreadOf(large.map(metric)),
    ratio: spreadOf(small.map((sample, round) => (costs[round] ?? Number.NaN) / cost(sample))),
  };
}

/** Formats a table of all operations, and lists those whose ratio is too high. */
export function scaleText({ users, rows }: ScaleFigures): string {
  const [small, large] = users.map((size) => `at ${size.toLocaleString('en')}`);
  const columns = (metric: string, cost: string) => [`${metric} ${small}`, `${large}`, `× ${cost}`];
  const header = ['', ...columns('requests/s', 'time'), ...columns('p50 ms', 'p50'), ...columns('CPU ms', 'CPU')];
  const body = rows.map(({ operation, requestsPerSecond, p50, cpu }) => [
    operation,
    ...cells(requestsPerSecond, 0),
    ...cells(p50, 2),
    ...cells(cpu, 3),
  ]);
  return `${markdownTable([header, ...body])}\n\n${conclusion(rows)}`;
}

function cells({ small, large, ratio }: Comparison, digits: number): string[] {
  const mark = ratio.median > MAX_RATIO ? ' ✗' : '';
  return [small.median.toFixed(digits), large.median.toFixed(digits), `${formatSpread(ratio, 2)}${mark}`];
}

function conclusion(rows: readonly Row[]): string {
  const slower = rows.filter(
    ({ requestsPerSecond, p50 }) => Math.max(requestsPerSecond.ratio.median, p50.ratio.median) > MAX_RATIO,
  );
  if (slower.length === 0) return `At ten times the rows, no operation takes more than ${MAX_RATIO} times as long.`;
  const names = slower.map(({ operation }) => operation).join(', ');
  return `At ten times the rows, these operations take more than ${MAX_RATIO} times as long (✗): ${names}.`;
}
