import type { Capacity } from './formula.ts';

/** Formats a figure with two significant digits, or three from 100 on. */
const formatRounded = (value: number) =>
  value.toLocaleString('en-US', { maximumSignificantDigits: value < 100 ? 2 : 3, useGrouping: true });

const formatInteger = (value: number) => value.toLocaleString('en-US');

const formatRange = ({ withoutPageImages, withPageImages }: Capacity['walMegabytes']) =>
  `${formatRounded(withoutPageImages)} to ${formatRounded(withPageImages)}`;

/** The rows of the table: what is needed, and how it is formatted. */
const ROWS: readonly [name: string, cell: (capacity: Capacity) => string][] = [
  ['writes per second, peak', (each) => formatRounded(each.writesPerSecond)],
  ['reads per second, peak', (each) => formatRounded(each.readsPerSecond)],
  ['PostgreSQL primaries', (each) => formatInteger(each.primaries)],
  ['PostgreSQL cores, together', (each) => formatRounded(each.postgresCores)],
  ['disk space of rows and indexes, TB, together', (each) => formatRounded(each.terabytes)],
  ['gateway cores', (each) => formatRounded(each.gatewayCores)],
  ['gateway processes', (each) => formatInteger(each.gatewayProcesses)],
  ['database connections', (each) => formatInteger(each.connections)],
  ['workspaces with segments, at least', (each) => formatInteger(each.workspacesWithSegments)],
  ['WAL at the peak, MB/s', (each) => formatRange(each.walMegabytes)],
  ['WAL per day, TB', (each) => formatRange(each.walTerabytesPerDay)],
];

/** Formats capacities as a table in Markdown with a column for each. */
export function capacityTable(capacities: readonly Capacity[]): string {
  const header = ['users', ...capacities.map(({ users }) => formatInteger(users))];
  const divider = header.map((_, index) => (index === 0 ? '---' : '---:'));
  const rows = ROWS.map(([name, cell]) => [name, ...capacities.map(cell)]);
  return [header, divider, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
