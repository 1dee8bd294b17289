import type { Sample } from '../measure/load.ts';
import type { QuestionName } from '../questions.ts';
import { aligned } from '../report/aligned.ts';
import { type Spread, shown, spreadOf } from '../report/spread.ts';
import { surroundings } from '../report/surroundings.ts';
import { type Sizes, sizesOf } from './measure-sizes.ts';
import type { ScaleOptions } from './options.ts';

/** What a question may cost at ten times the rows, as a multiple of what it costs without. */
const LIMIT = 1.3;

/** A figure on both databases. */
interface Comparison {
  small: Spread;
  large: Spread;
  /** How many times as much a request costs on the greater one, in each pair of rounds. */
  times: Spread;
}

type Figure = (sample: Sample) => number;

/** What a question costs on both. */
interface Row {
  question: QuestionName;
  /** `times` is of its inverse, the time per request. */
  requestsPerSecond: Comparison;
  /** In ms. */
  p50: Comparison;
  /** Of usergraph's process, in ms. */
  cpuPerRequest: Comparison;
}

/** What `--json` writes. */
export interface ScaleFigures extends ReturnType<typeof surroundings> {
  users: [small: number, large: number];
  rounds: number;
  seconds: number;
  rows: Row[];
}

/** Sums the rounds up. */
export function scaleFigures(measured: readonly Sizes[], { users, rounds, seconds }: ScaleOptions): ScaleFigures {
  return {
    ...surroundings(),
    users: sizesOf(users),
    rounds,
    seconds,
    rows: measured.map((sizes) => ({
      question: sizes.question,
      requestsPerSecond: compare(
        sizes,
        ({ requestsPerSecond }) => requestsPerSecond,
        ({ requestsPerSecond }) => 1 / requestsPerSecond,
      ),
      p50: compare(sizes, ({ p50 }) => p50),
      cpuPerRequest: compare(sizes, ({ cpuPerRequest }) => cpuPerRequest),
    })),
  };
}

/** @param cost of which the ratio is made, where it is not the figure itself. */
function compare({ small, large }: Sizes, figure: Figure, cost: Figure = figure): Comparison {
  const costs = large.map(cost);
  return {
    small: spreadOf(small.map(figure)),
    large: spreadOf(large.map(figure)),
    times: spreadOf(small.map((sample, round) => (costs[round] ?? Number.NaN) / cost(sample))),
  };
}

/** A table of all questions, and which of them cost too much. */
export function scaleText({ users, rows }: ScaleFigures): string {
  const [small, large] = users.map((size) => `at ${size.toLocaleString('en')}`);
  const heads = (figure: string, ratio: string) => [`${figure} ${small}`, `${large}`, `× ${ratio}`];
  const head = ['', ...heads('requests/s', 'time'), ...heads('p50 ms', 'p50'), ...heads('CPU ms', 'CPU')];
  const body = rows.map(({ question, requestsPerSecond, p50, cpuPerRequest }) => [
    question,
    ...cells(requestsPerSecond, 0),
    ...cells(p50, 2),
    ...cells(cpuPerRequest, 3),
  ]);
  return `${aligned([head, ...body])}\n\n${verdict(rows)}`;
}

function cells({ small, large, times }: Comparison, digits: number): string[] {
  const mark = times.median > LIMIT ? ' ✗' : '';
  return [small.median.toFixed(digits), large.median.toFixed(digits), `${shown(times, 2)}${mark}`];
}

function verdict(rows: readonly Row[]): string {
  const dear = rows.filter(
    ({ requestsPerSecond, p50 }) => Math.max(requestsPerSecond.times.median, p50.times.median) > LIMIT,
  );
  if (dear.length === 0) return `At ten times the rows, no question takes more than ${LIMIT} times as long.`;
  const names = dear.map(({ question }) => question).join(', ');
  return `At ten times the rows, more than ${LIMIT} times as long (✗): ${names}.`;
}
