import { questions } from '../questions.ts';
import { aligned } from './aligned.ts';
import { type FigureRow, type Figures, ratio } from './figures.ts';
import { shown } from './spread.ts';

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
