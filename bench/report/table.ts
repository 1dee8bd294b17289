import { questions } from '../questions.ts';
import { type FigureRow, type Figures, ratio } from './figures.ts';
import type { Spread } from './spread.ts';

const HEAD = ['', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms/request', 'peak MB', '× floor', '× PostGraphile'];

/** A Markdown table for each question: medians, and in brackets the least and the greatest of the rounds. */
export function tables(figures: Figures): string {
  return questions
    .map(({ name, title }) => ({ title, rows: figures.rows.filter((row) => row.question === name) }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => `**${title}**\n\n${aligned([HEAD, ...rows.map((row) => cells(figures, row))])}\n`)
    .join('\n');
}

function cells(figures: Figures, row: FigureRow): string[] {
  const times = (other: string) => ratio(figures, row, other)?.toFixed(2) ?? '';
  return [
    row.contestant,
    shown(row.requestsPerSecond, 0),
    shown(row.p50, 2),
    shown(row.p99, 1),
    shown(row.cpuPerRequest, 3),
    shown(row.peakMb, 0),
    times('floor'),
    times('postgraphile'),
  ];
}

function shown({ median, min, max }: Spread, digits: number): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median)} (${text(min)}–${text(max)})`;
}

/** The first row is the head; numbers stand to the right. */
function aligned(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0), 3));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => pad(row[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line)].join('\n');
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
