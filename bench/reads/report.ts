import { aligned } from '../report/aligned.ts';
import { type Spread, shown, spreadOf } from '../report/spread.ts';
import { surroundings } from '../report/surroundings.ts';
import type { ReadsPlan, Timed } from './measure-ways.ts';
import { type OperationName, operations } from './operations.ts';
import { PRODUCT } from './ways.ts';

/** What a way with an operation takes, in µs. */
interface Row {
  operation: OperationName;
  way: string;
  wall: Spread;
  cpu: Spread;
}

/** What `--json` writes. */
export interface ReadsFigures extends ReturnType<typeof surroundings>, ReadsPlan {
  rows: Row[];
}

/** Sums the rounds up. */
export function readsFigures(timed: readonly Timed[], { users, rounds, ms }: ReadsPlan): ReadsFigures {
  return {
    ...surroundings(),
    users,
    rounds,
    ms,
    rows: timed.map(({ operation, way, timings }) => ({
      operation,
      way,
      wall: spreadOf(timings.map(({ wall }) => wall)),
      cpu: spreadOf(timings.map(({ cpu }) => cpu)),
    })),
  };
}

/** A table for each operation; the ratios are those of the medians to the product's way. */
export function readsText({ rows }: ReadsFigures): string {
  const head = ['', 'µs', '× product', 'CPU µs', '× product'];
  return operations
    .map(({ name, title }) => ({ title, rows: rows.filter(({ operation }) => operation === name) }))
    .map(({ title, rows }) => `**${title}**\n\n${aligned([head, ...rows.map((row) => cells(row, rows))])}\n`)
    .join('\n');
}

function cells({ way, wall, cpu }: Row, rows: readonly Row[]): string[] {
  const product = rows.find((row) => row.way === PRODUCT);
  const times = ({ median }: Spread, base?: Spread) => (base ? (median / base.median).toFixed(2) : '');
  return [way, shown(wall, 0), times(wall, product?.wall), shown(cpu, 0), times(cpu, product?.cpu)];
}
