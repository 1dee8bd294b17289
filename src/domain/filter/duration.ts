import { z } from 'zod';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** The shortest and the longest duration, in ms. */
const range = { shortest: MINUTE, longest: 3650 * DAY } as const;

/** Weeks, days, hours and minutes: the units of a fixed length. Each count has at most seven digits. */
const PATTERN = /^P(?=[\dT])(?:(\d{1,7})W)?(?:(\d{1,7})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,7})M)?)?$/;

/** A duration of a fixed length in ISO 8601, such as `P30D`, `P2W` or `PT12H`. */
export type Duration = string;

/** The length of a duration in ms; undefined if the text is not a duration of a fixed length. */
export function parseDuration(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0] = match.slice(1).map((count) => Number(count ?? 0));
  return weeks * WEEK + days * DAY + hours * HOUR + minutes * MINUTE;
}

/** The length of a validated duration in ms. */
export function lengthOfDuration(duration: Duration): number {
  const length = parseDuration(duration);
  if (length === undefined) throw new Error(`${duration} is not a validated duration.`);
  return length;
}

/** A duration of an input. */
export const duration = z.string().superRefine((text, context) => {
  const add = (code: string, message: string) => context.addIssue({ code: 'custom', params: { code }, message });
  const length = parseDuration(text);
  if (length === undefined) {
    add(
      'INVALID_DURATION',
      'must be an ISO 8601 duration of weeks, days, hours and minutes, such as P30D or PT12H; months and years have no fixed length',
    );
  } else if (length < range.shortest || length > range.longest) {
    add('OUT_OF_RANGE', 'must be between PT1M and P3650D');
  }
});

/** The window of a duration in words: `the last 30 days`, `the last day`. */
export const describeWindow = (duration: Duration) =>
  `the last ${describeDuration(duration).replace(/^1 (\w+)$/, '$1')}`;

const unitNames = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
] as const;

/** The duration in words: `30 days`, `1 day 12 hours`. Weeks are given in days. */
export function describeDuration(duration: Duration): string {
  let rest = lengthOfDuration(duration);
  const parts: string[] = [];
  for (const [length, name] of unitNames) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ');
}
