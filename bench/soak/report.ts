import { runMetadata } from '../report/run-metadata.ts';
import { leastSquares } from './least-squares.ts';
import { weights } from './mix.ts';
import type { SoakOptions } from './options.ts';
import type { SoakResult } from './soak.ts';

/** Target for the peak resident memory, in MB. */
const TARGET_MB = 200;

/** The content of the `--json` file. */
export type SoakFigures = ReturnType<typeof soakFigures>;

/** Summarizes a soak. The slope excludes the first half, in which code is compiled and caches fill up. */
export function soakFigures({ samples, ...result }: SoakResult, { users, seconds, rate, connections }: SoakOptions) {
  const secondHalf = samples.filter(({ second }) => second >= seconds / 2);
  const { slope, deviation } = leastSquares(secondHalf.map(({ second, rssMb }) => ({ x: second / 60, y: rssMb })));
  const [start, end] = [samples.at(0), samples.at(-1)];
  return {
    ...runMetadata(),
    users,
    seconds,
    rate,
    connections,
    weights,
    ...result,
    start,
    end,
    /** Growth of resident memory, in MB per minute. */
    slope,
    /** Standard deviation of the samples from the least-squares line, in MB. */
    deviation,
    samples,
  };
}

/** Formats a soak as a few lines of text. */
export function soakText(figures: SoakFigures): string {
  const { users, seconds, rate, connections, answered, errors, firstError, start, end, peakMb, slope } = figures;
  const mb = (value = Number.NaN) => `${value.toFixed(0)} MB`;
  const grouped = (value: number) => value.toLocaleString('en');
  const signed = (value: number, digits: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  const scheduled = rate * seconds;
  const unsent = Math.max(0, scheduled - answered - errors);
  const comparison = peakMb < TARGET_MB ? 'below' : 'ABOVE';
  return [
    `usergraph, ${grouped(users)} users: ${seconds} s of mixed load, ${rate} requests/s over ${connections} connections`,
    `requests  ${grouped(answered)} answered, ${grouped(errors)} failed, ${grouped(unsent)} of ${grouped(scheduled)} not sent in time`,
    ...(firstError === undefined ? [] : [`          first error: ${firstError.slice(0, 500)}`]),
    `RSS       ${mb(start?.rssMb)} at the start, ${mb(peakMb)} at its peak, ${mb(end?.rssMb)} at the end; the peak is ${comparison} the target of ${TARGET_MB} MB`,
    `          of that heap and buffers: ${mb(start?.anonymousMb)} at the start, ${mb(end?.anonymousMb)} at the end`,
    `slope     ${signed(slope, 2)} MB per minute in the second half (${signed(slope * 60, 0)} MB per hour), deviation ${figures.deviation.toFixed(1)} MB`,
    '          memory is flat if the slope is close to 0 in a run of at least 10 minutes',
  ].join('\n');
}
