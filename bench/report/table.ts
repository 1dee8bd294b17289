import { operations } from '../operations.ts';
import type { FigureRow, Figures } from './figures.ts';
import { markdownTable } from './markdown-table.ts';
import { formatSpread } from './spread.ts';

const HEADER = [
  '',
  'connections',
  'CPU ms/request',
  'of PostgreSQL',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'peak MB',
  'share of floor',
  '× PostGraphile',
];

/** Marks figures that other load on the machine makes unreliable. */
const NOISE_MARK = ' ~';

/** Formats the ratios of usergraph's cost, and a Markdown table per operation. */
export function tables(figures: Figures): string {
  return [ratioTable(figures), ...operationTables(figures), ...noiseNote(figures)].join('\n');
}

/** For each operation and number of connections, how much cheaper usergraph is than each of the others. */
function ratioTable({ rows }: Figures): string {
  const own = rows.filter(({ contestant }) => contestant === 'usergraph');
  const others = [...new Set(own.flatMap(({ cheaperThan }) => Object.keys(cheaperThan)))];
  if (others.length === 0) return '';
  const counts = [...new Set(own.map(({ connections }) => connections))];
  const header = [`CPU of each ÷ usergraph’s; connections: ${counts.join(', ')}`, ...others];
  const body = operations.flatMap(({ name }) => {
    const ofOperation = own.filter(({ operation }) => operation === name);
    if (ofOperation.length === 0) return [];
    const cells = others.map((other) => {
      const rows = counts.flatMap((count) => ofOperation.find(({ connections }) => connections === count) ?? []);
      const ratios = rows.flatMap(({ cheaperThan, isNoisy }) => {
        const ratio = cheaperThan[other];
        return ratio ? `${ratio.median.toFixed(2)}${isNoisy ? NOISE_MARK : ''}` : [];
      });
      return ratios.join(', ');
    });
    return [[`\`${name}\``, ...cells]];
  });
  return `${markdownTable([header, ...body])}\n`;
}

/** The median of the rounds, with the minimum and maximum in parentheses. */
function operationTables({ rows }: Figures): string[] {
  return operations.flatMap(({ name, title }) => {
    const ofOperation = rows.filter(({ operation }) => operation === name);
    if (ofOperation.length === 0) return [];
    return [`**${title}**\n\n${markdownTable([HEADER, ...ofOperation.map(cells)])}\n`];
  });
}

function cells(row: FigureRow): string[] {
  // Of another server: its share of the floor, and how much cheaper it is than PostGraphile.
  const ratioTo = (other: string) =>
    (row.contestant === other ? '1.00' : row.cheaperThan[other]?.median.toFixed(2)) ?? '';
  return [
    `${row.contestant}${row.isNoisy ? NOISE_MARK : ''}`,
    String(row.connections),
    formatSpread(row.cpu, 3),
    row.postgresCpu.median.toFixed(3),
    formatSpread(row.requestsPerSecond, 0),
    row.p50.median.toFixed(2),
    row.p99.median.toFixed(1),
    row.peakMb.median.toFixed(0),
    ratioTo('floor'),
    ratioTo('postgraphile'),
  ];
}

function noiseNote({ rows }: Figures): string[] {
  const noisy = rows.filter(({ isNoisy }) => isNoisy).length;
  if (noisy === 0) return [];
  return [
    `${NOISE_MARK.trim()} ${noisy} of ${rows.length} rows: other load on the machine makes their figures unreliable.\n`,
  ];
}
