import { loadavg } from 'node:os';
import { markdownTable } from '../report/markdown-table.ts';
import { runMetadata } from '../report/run-metadata.ts';
import { type Spread, spreadOf } from '../report/spread.ts';
import type { CommandRun } from './command.ts';
import type { ImportResults } from './measure.ts';
import type { ImportSizes } from './options.ts';
import { ITEMS_PER_REQUEST, type RequestKind } from './requests.ts';

/** A measured figure, with its target if it has one. */
interface Figure {
  name: string;
  value: Spread;
  unit: string;
  target?: number;
  /** Whether the median meets the target; undefined without one. */
  isMet?: boolean;
}

/** Memory that an import or export may have. */
const MAX_MB = 250;

/** The content of the `--json` file. */
export function importFigures(results: ImportResults, sizes: ImportSizes) {
  return {
    ...runMetadata(),
    load: loadavg(),
    ...sizes,
    figures: [...transferFigures(results, sizes), ...requestFigures(results), ...latencyFigures(results)],
  };
}

function transferFigures({ transfers }: ImportResults, { users, events }: ImportSizes): Figure[] {
  const [first] = transfers;
  if (!first) return [];
  const rates = (rows: number, of: (round: (typeof transfers)[number]) => number) =>
    transfers.map((round) => rows / of(round));
  const peak = (name: string, of: (round: (typeof transfers)[number]) => CommandRun) =>
    atMost(
      `${name}, memory`,
      transfers.map((round) => of(round).peakMb),
      'MB',
      MAX_MB,
    );
  return [
    atLeast(
      'import of users',
      rates(users, (round) => round.users.seconds),
      'users/s',
      8_000,
    ),
    figure('in the fresh database', [users / first.users.seconds], 'users/s'),
    peak('import of users', (round) => round.users),
    atLeast(
      'import of known users',
      rates(users, (round) => round.usersAgain.seconds),
      'users/s',
      8_000,
    ),
    peak('import of known users', (round) => round.usersAgain),
    atLeast(
      'import of events',
      rates(events, (round) => round.events.seconds),
      'events/s',
      20_000,
    ),
    figure('in the fresh database', [events / first.events.seconds], 'events/s'),
    figure(
      'COPY of these events',
      rates(events, (round) => round.copySeconds),
      'events/s',
    ),
    atLeast(
      'import of events, ratio to COPY',
      transfers.map((round) => round.copySeconds / round.events.seconds),
      '×',
      0.5,
    ),
    peak('import of events', (round) => round.events),
    atLeast(
      'export of users',
      rates(users, (round) => round.exported.seconds),
      'users/s',
      30_000,
    ),
    peak('export of users', (round) => round.exported),
  ];
}

function requestFigures({ requests }: ImportResults): Figure[] {
  if (requests.length === 0) return [];
  const rates = (kind: RequestKind) => requests.map((round) => round[kind]);
  const ratios = (kind: RequestKind, base: RequestKind) => requests.map((round) => round[kind] / round[base]);
  const ofUsers = (users: 'known' | 'new') => [
    figure(`updateUser, ${users}`, rates(`updateUser, ${users}`), 'users/s'),
    figure(`upsertUsers of ${ITEMS_PER_REQUEST}, ${users}`, rates(`upsertUsers, ${users}`), 'users/s'),
    atLeast('ratio to updateUser', ratios(`upsertUsers, ${users}`, `updateUser, ${users}`), '×', 5),
  ];
  return [
    figure('addEvent', rates('addEvent'), 'events/s'),
    figure(`addEvents of ${ITEMS_PER_REQUEST}`, rates('addEvents'), 'events/s'),
    atLeast('ratio to addEvent', ratios('addEvents', 'addEvent'), '×', 5),
    figure(`INSERT of ${ITEMS_PER_REQUEST} by hand`, rates('insert'), 'events/s'),
    atLeast('ratio of addEvents to INSERT', ratios('addEvents', 'insert'), '×', 0.5),
    ...ofUsers('known'),
    ...ofUsers('new'),
  ];
}

function latencyFigures({ latency }: ImportResults): Figure[] {
  if (latency.length === 0) return [];
  const percentiles = (share: number, turn: 'without' | 'during') =>
    latency.map((round) => percentile(round[turn], share));
  return [
    figure('user, p50 without an import', percentiles(0.5, 'without'), 'ms'),
    figure('user, p50 with an import', percentiles(0.5, 'during'), 'ms'),
    figure('user, p99 without an import', percentiles(0.99, 'without'), 'ms'),
    figure('user, p99 with an import', percentiles(0.99, 'during'), 'ms'),
    atMost(
      'p99, ratio',
      latency.map(({ during, without }) => percentile(during, 0.99) / percentile(without, 0.99)),
      '×',
      1.5,
    ),
    figure(
      'imported meanwhile',
      latency.map(({ imported }) => imported),
      'events/s',
    ),
  ];
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

const figure = (name: string, values: readonly number[], unit: string): Figure => ({
  name,
  value: spreadOf(values),
  unit,
});
const atMost = (name: string, values: readonly number[], unit: string, target: number): Figure => {
  const measured = figure(name, values, unit);
  return { ...measured, target, isMet: measured.value.median <= target };
};
const atLeast = (name: string, values: readonly number[], unit: string, target: number): Figure => {
  const measured = figure(name, values, unit);
  return { ...measured, target, isMet: measured.value.median >= target };
};

/** Formats a table of all figures; ✗ marks what misses its target. */
export function importText({ load, users, events, rounds, figures }: ReturnType<typeof importFigures>): string {
  const rows = figures.map(({ name, value: { median, min, max }, unit, target, isMet }) => [
    name,
    `${format(median)} ${unit}`,
    min === max ? '' : `${format(min)}–${format(max)}`,
    target === undefined ? '' : format(target),
    isMet === undefined ? '' : isMet ? 'met' : '✗ missed',
  ]);
  const grouped = (value: number) => value.toLocaleString('en');
  return `${markdownTable([['', 'median', 'range', 'target', ''], ...rows])}

${grouped(users)} users with eight attributes, ${grouped(events)} events, ${rounds} rounds. Load average at the end: ${load.map((each) => each.toFixed(1)).join(', ')}.`;
}

function format(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}
