import { markdownTable } from '../report/markdown-table.ts';
import { runMetadata } from '../report/run-metadata.ts';
import { leastSquares } from '../soak/least-squares.ts';
import type { Turn } from './live.ts';
import type { SegmentResults } from './measure.ts';
import type { SegmentSizes } from './options.ts';

/** A measured figure, with its target if it has one. */
interface Figure {
  name: string;
  value: number;
  unit: string;
  target?: number;
  /** Undefined without a target. */
  isMet?: boolean;
}

/** What of the workload the figures depend on. */
const perChange = (count: number, changes: number) => count / Math.max(changes, 1);

/** The content of the `--json` file. */
export function segmentFigures(results: SegmentResults, sizes: SegmentSizes) {
  return {
    ...runMetadata(),
    ...sizes,
    figures: [...liveFigures(results), ...backfillFigures(results), ...burstFigures(results)],
  };
}

function liveFigures({ live: { turns, lateness, alone } }: SegmentResults): Figure[] {
  const consumed = turns.filter(({ isConsumed }) => isConsumed);
  const lags = consumed.flatMap((turn) => turn.lags);
  const pairs = turns.flatMap((turn, place) => {
    const next = turns[place + 1];
    return !turn.isConsumed && next?.isConsumed ? [{ without: turn, with: next }] : [];
  });
  const median = (of: (pair: (typeof pairs)[number]) => number) => percentile(pairs.map(of), 0.5);
  const longest = consumed.at(-1)?.backlogs ?? [];
  const { client, server = Number.NaN } = alone.cpu;
  return [
    atMost('lag, p50', percentile(lags, 0.5), 'ms', 250),
    atMost('lag, p99', percentile(lags, 0.99), 'ms', 1_000),
    figure('lag, max', Math.max(...lags), 'ms'),
    figure('writes that were followed', lags.length, ''),
    atMost(
      'of them never visible',
      consumed.reduce((sum, { unseen }) => sum + unseen, 0),
      '',
      0,
    ),
    figure(
      'write, p50 with segments',
      median((pair) => percentile(pair.with.durations, 0.5)),
      'ms',
    ),
    figure(
      'write, p50 without',
      median((pair) => percentile(pair.without.durations, 0.5)),
      'ms',
    ),
    atMost(
      'ratio, median of pairs of turns',
      median((pair) => percentile(pair.with.durations, 0.5) / percentile(pair.without.durations, 0.5)),
      '×',
      1.2,
    ),
    figure('backlog at the end', longest.at(-1) ?? Number.NaN, 'changes'),
    figure('backlog, max', Math.max(...longest), 'changes'),
    // Noise: less than a change for each second.
    atMost('growth of the backlog', growthPerMinute(longest), 'changes/min', 60),
    atMost('CPU of a change, backlog', perChange(client + server, alone.changes), 'ms', 0.6),
    figure('of it in PostgreSQL', perChange(server, alone.changes), 'ms'),
    figure(
      'CPU of a change, live',
      median((pair) => cpuPerWrite(pair.with) - cpuPerWrite(pair.without)),
      'ms',
    ),
    figure('evaluations of a change', perChange(alone.evaluations, alone.changes), ''),
    figure('effects of a change', perChange(alone.effects, alone.changes), ''),
    figure('changes consumed alone', alone.changes / (alone.ms / 1_000), '/s'),
    figure('due instants', lateness.length, ''),
    figure('lateness, p50', percentile(lateness, 0.5), 'ms'),
    atMost('lateness, p99', percentile(lateness, 0.99), 'ms', 1_000),
  ];
}

/** CPU time of the gateway and its PostgreSQL processes for each write. */
const cpuPerWrite = ({ durations, cpu: { client, server = Number.NaN } }: Turn) =>
  perChange(client + server, durations.length);

function backfillFigures({ backfills }: SegmentResults): Figure[] {
  return backfills.flatMap(({ name, segments, users, ms, cpu: { client, server = Number.NaN } }, place) => {
    const rate = users / (ms / 1_000);
    const target = [50_000, 10_000][place];
    return [
      target === undefined ? figure(name, rate, 'users/s') : atLeast(name, rate, 'users/s', target),
      figure('users for each second of CPU', users / ((client + server) / 1_000), ''),
      ...(segments > 1 ? [figure('users × segments', rate * segments, '/s')] : []),
    ];
  });
}

function burstFigures({ burst: { users, rows, ms, cpu, otherLags, otherUnseen } }: SegmentResults): Figure[] {
  const { client, server = Number.NaN } = cpu;
  return [
    figure('burst', users, 'users'),
    figure('worked off after', ms / 1_000, 's'),
    figure('rows written', rows, ''),
    atMost('CPU of a row', ((client + server) * 1_000) / Math.max(rows, 1), 'µs', 15),
    figure('of it in PostgreSQL', (server * 1_000) / Math.max(rows, 1), 'µs'),
    figure('lag elsewhere, p50', percentile(otherLags, 0.5), 'ms'),
    atMost('lag elsewhere, max', Math.max(...otherLags), 'ms', 2_000),
    atMost('writes elsewhere never visible', otherUnseen, '', 0),
  ];
}

const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit });
const atMost = (name: string, value: number, unit: string, target: number): Figure => ({
  ...{ name, value, unit, target },
  isMet: value <= target,
});
const atLeast = (name: string, value: number, unit: string, target: number): Figure => ({
  ...{ name, value, unit, target },
  isMet: value >= target,
});

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

/** @param backlogs one for each second. */
function growthPerMinute(backlogs: readonly number[]): number {
  if (backlogs.length < 2) return 0;
  return leastSquares(backlogs.map((y, x) => ({ x: x / 60, y }))).slope;
}

/** Formats a table of all figures; ✗ marks what misses its target. */
export function segmentText({ users, segments, writes, seconds, figures }: ReturnType<typeof segmentFigures>): string {
  const rows = figures.map(({ name, value, unit, target, isMet }) => [
    name,
    `${format(value)} ${unit}`.trim(),
    target === undefined ? '' : format(target),
    isMet === undefined ? '' : isMet ? 'met' : '✗ missed',
  ]);
  const grouped = (value: number) => value.toLocaleString('en');
  return `${markdownTable([['', 'measured', 'target', ''], ...rows])}

${grouped(users)} users with ${grouped(users * 10)} events, ${segments} segments, ${writes} writes/s for ${seconds} s. Lag: from the response to
a write until its entry or exit is visible; it is measured up to 20 ms too long, plus the duration of a read.`;
}

function format(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) < 10 ? 3 : 1);
}
