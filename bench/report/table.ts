import { operations } from '../operations.ts';
import { type FigureRow, type Figures, ratio } from './figures.ts';
import { markdownTable } from './markdown-table.ts';
import { formatSpread } from './spread.ts';

const HEADER = ['', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms/request', 'peak MB', '× floor', '× PostGraphile'];

/** Formats a Markdown table per operation: the median of the rounds, with the minimum and maximum in parentheses. */
export function tables(figures: Figures): string {
  return operations
    .map(({ name, title }) => ({ title, rows: figures.rows.filter((row) => row.operation === name) }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => `**${title}**\n\n${markdownTable([HEADER, ...rows.map((row) => cells(figures, row))])}\n`)
    .join('\n');
}

function cells(figures: Figures, row: FigureRow): string[] {
  const ratioTo = (other: string) => ratio(figures, row, other)?.toFixed(2) ?? '';
  return [
    row.contestant,
    formatSpread(row.requestsPerSecond, 0),
    formatSpread(row.p50, 2),
    formatSpread(row.p99, 1),
    formatSpread(row.cpuPerRequest, 3),
    formatSpread(row.peakMb, 0),
    ratioTo('floor'),
    ratioTo('postgraphile'),
  ];
}
