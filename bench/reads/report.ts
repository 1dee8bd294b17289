import { markdownTable } from '../report/markdown-table.ts';
import { runMetadata } from '../report/run-metadata.ts';
import { formatSpread, type Spread, spreadOf } from '../report/spread.ts';
import type { TimingOptions, VariantTimings } from './measure-variants.ts';
import { type OperationName, operations } from './operations.ts';
import { PRODUCT } from './variants.ts';

/** Times of an operation in one variant, in µs. */
interface Row {
  operation: OperationName;
  variant: string;
  wall: Spread;
  cpu: Spread;
}

/** The content of the `--json` file. */
export interface ReadsFigures extends ReturnType<typeof runMetadata>, TimingOptions {
  rows: Row[];
}

/** Summarizes the rounds. */
export function readsFigures(
  measurements: readonly VariantTimings[],
  { users, rounds, ms }: TimingOptions,
): ReadsFigures {
  return {
    ...runMetadata(),
    users,
    rounds,
    ms,
    rows: measurements.map(({ operation, variant, timings }) => ({
      operation,
      variant,
      wall: spreadOf(timings.map(({ wall }) => wall)),
      cpu: spreadOf(timings.map(({ cpu }) => cpu)),
    })),
  };
}

/** Formats a table per operation, with ratios of the medians to the product's. */
export function readsText({ rows }: ReadsFigures): string {
  const header = ['', 'µs', '× product', 'CPU µs', '× product'];
  return operations
    .map(({ name, title }) => ({ title, rows: rows.filter(({ operation }) => operation === name) }))
    .map(({ title, rows }) => `**${title}**\n\n${markdownTable([header, ...rows.map((row) => cells(row, rows))])}\n`)
    .join('\n');
}

function cells({ variant, wall, cpu }: Row, rows: readonly Row[]): string[] {
  const product = rows.find((row) => row.variant === PRODUCT);
  const ratio = ({ median }: Spread, base?: Spread) => (base ? (median / base.median).toFixed(2) : '');
  return [variant, formatSpread(wall, 0), ratio(wall, product?.wall), formatSpread(cpu, 0), ratio(cpu, product?.cpu)];
}
