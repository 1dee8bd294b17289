import type { Capacity } from './formula.ts';

/** A number with three significant digits, and thousands separated. */
const rounded = (value: number) =>
  value.toLocaleString('en-US', { maximumSignificantDigits: value < 100 ? 2 : 3, useGrouping: true });

const whole = (value: number) => value.toLocaleString('en-US');

/** The rows of the table: what is needed, and how it is written. */
const ROWS: readonly [name: string, cell: (capacity: Capacity) => string][] = [
  ['writes per second, peak', (each) => rounded(each.writesPerSecond)],
  ['reads per second, peak', (each) => rounded(each.readsPerSecond)],
  ['cores of gateways', (each) => rounded(each.gatewayCores)],
  ['processes of gateways', (each) => whole(each.gatewayProcesses)],
  ['their connections', (each) => whole(each.connections)],
  ['cores of PostgreSQL', (each) => rounded(each.postgresCores)],
  ['disk space, TB', (each) => rounded(each.terabytes)],
  ['WAL at the peak, MB/s', ({ walMegabytes: { least, most } }) => `${rounded(least)} to ${rounded(most)}`],
  ['servers of PostgreSQL, without standbys', (each) => whole(each.servers)],
];

/** Formats capacities as a table in Markdown with a column for each. */
export function capacityTable(capacities: readonly Capacity[]): string {
  const header = ['users', ...capacities.map(({ users }) => whole(users))];
  const rows = ROWS.map(([name, cell]) => [name, ...capacities.map(cell)]);
  const divider = header.map((_, index) => (index === 0 ? '---' : '---:'));
  return [header, divider, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
