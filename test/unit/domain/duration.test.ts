import { expect, it } from 'vitest';
import { duration, lengthOfDuration } from '../../../src/domain/filter/duration.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

it.each([
  ['PT1M', MINUTE],
  ['P3650D', 3650 * DAY],
  ['P521W', 521 * 7 * DAY],
  ['PT87600H', 3650 * DAY],
  ['PT5256000M', 3650 * DAY],
  ['P30D', 30 * DAY],
  ['P2W', 14 * DAY],
  ['PT12H', 12 * 60 * MINUTE],
  ['P1DT6H', DAY + 6 * 60 * MINUTE],
  ['P1W2D', 9 * DAY],
  ['P0DT1M', MINUTE],
  ['P1W1DT1H1M', 8 * DAY + 61 * MINUTE],
  ['P0030D', 30 * DAY],
])('%s is a duration of %i ms', (text, length) => {
  expect(duration.parse(text)).toBe(text);
  expect(lengthOfDuration(text)).toBe(length);
});

const codesOf = (text: unknown) =>
  duration.safeParse(text).error?.issues.map((issue) => ('params' in issue ? issue.params?.code : issue.code));

it.each(['PT0M', 'P0D', 'P0W', 'P0DT0H0M', 'P3651D', 'P522W', 'PT87601H', 'PT5256001M', 'P3650DT1M', 'P9999999D'])(
  '%s is out of range',
  (text) => {
    expect(codesOf(text)).toEqual(['OUT_OF_RANGE']);
  },
);

it.each([
  ['years', 'P1Y'],
  ['months', 'P1M'],
  ['months with days', 'P1M2D'],
  ['seconds', 'PT59S'],
  ['seconds with minutes', 'PT1M30S'],
  ['fractions', 'PT1.5H'],
  ['a sign', '-P1D'],
  ['a sign of a part', 'P-1D'],
  ['no part', 'P'],
  ['no part of a day', 'P1DT'],
  ['an empty part of a day', 'PT'],
  ['parts in another order', 'P1D2W'],
  ['minutes before hours', 'PT1M1H'],
  ['hours without T', 'P1H'],
  ['days behind T', 'PT1D'],
  ['a part twice', 'P1D1D'],
  ['no P', '30D'],
  ['lower case', 'p30d'],
  ['spaces', ' P30D'],
  ['a line break', 'P30D\n'],
  ['eight digits', 'P00000030D'],
  ['other digits', 'P٣D'],
  ['a number', '30'],
  ['nothing', ''],
])('A text with %s, such as %j, is not a duration', (_what, text) => {
  expect(codesOf(text)).toEqual(['INVALID_DURATION']);
});
