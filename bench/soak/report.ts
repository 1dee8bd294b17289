import { surroundings } from '../report/surroundings.ts';
import { weights } from './mix.ts';
import type { SoakOptions } from './options.ts';
import { leastSquares } from './slope.ts';
import type { Soaked } from './soak.ts';

/** The most resident memory in MB that a process is meant to have. */
const LIMIT_MB = 200;

/** What `--json` writes. */
export type SoakFigures = ReturnType<typeof soakFigures>;

/** Sums a soak up. The slope is that of the second half: in the first, code is compiled and caches fill. */
export function soakFigures({ samples, ...soaked }: Soaked, { users, seconds, rate, connections }: SoakOptions) {
  const half = samples.filter(({ second }) => second >= seconds / 2);
  const { slope, deviation } = leastSquares(half.map(({ second, rssMb }) => ({ x: second / 60, y: rssMb })));
  const [start, end] = [samples.at(0), samples.at(-1)];
  return {
    ...surroundings(),
    users,
    seconds,
    rate,
    connections,
    weights,
    ...soaked,
    start,
    end,
    /** MB of resident memory a minute. */
    slope,
    /** MB by which the samples of the second half lie off that slope. */
    deviation,
    samples,
  };
}

/** A soak in a few lines. */
export function soakText(figures: SoakFigures): string {
  const { users, seconds, rate, connections, answered, errors, firstError, start, end, peakMb, slope } = figures;
  const mb = (value = Number.NaN) => `${value.toFixed(0)} MB`;
  const many = (value: number) => value.toLocaleString('en');
  const signed = (value: number, digits: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
  const missing = Math.max(0, rate * seconds - answered - errors);
  return [
    `usergraph, ${many(users)} users: ${seconds} s of mixed load, ${rate} requests/s over ${connections} connections`,
    `requests  ${many(answered)} answered, ${many(errors)} errors; ${many(missing)} of ${many(rate * seconds)} were not sent in time`,
    ...(firstError === undefined ? [] : [`          first error: ${firstError.slice(0, 500)}`]),
    `RSS       ${mb(start?.rssMb)} at the start, ${mb(end?.rssMb)} at the end, ${mb(peakMb)} at the most: ${
      peakMb < LIMIT_MB ? 'under' : 'NOT under'
    } ${LIMIT_MB} MB`,
    `          of that no file's (heap, buffers): ${mb(start?.anonymousMb)} at the start, ${mb(end?.anonymousMb)} at the end`,
    `slope     ${signed(slope, 2)} MB/min: least squares over the second half, whose samples lie ${figures.deviation.toFixed(1)} MB off it;`,
    `          where it went on so, ${signed(slope * 60, 0)} MB in an hour. Flat is what stays near 0 over 10 minutes or more.`,
  ].join('\n');
}
