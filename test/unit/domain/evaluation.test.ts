import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../../src/domain/filter/instants.ts';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { choicesOf } from '../../kit/choices.ts';
import { somebody } from '../../kit/filters/people.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const DAY = 24 * 60 * 60_000;
const NEVER = Number.POSITIVE_INFINITY;

/** A user with attributes, and with events at distances in days from now. */
function userWith({ meta = {}, days = [] }: { meta?: UserFacts['user']['meta']; days?: readonly number[] }): UserFacts {
  const facts = somebody(choicesOf(1), 1);
  return {
    ...facts,
    user: { ...facts.user, meta },
    events: days.map((day) => ({ name: 'Paid', value: null, properties: {}, timestamp: NOW + day * DAY })),
  };
}

const evaluate = (filter: UserFilter, user: UserFacts) => toCondition(filter).evaluate(user, NOW);

const paid = (count: number): UserFilter => ({
  events: [{ name: { eq: 'paid' }, count: { gte: count }, within: 'P30D' }],
});

describe('The next instant at which a condition can change', () => {
  it.each([
    ['no event', 1, [], false, NEVER],
    ['one event', 1, [-1], true, 29],
    ['the newest of two', 1, [-1, -10], true, 29],
    ['the second newest of three', 2, [-1, -10, -20], true, 20],
    ['an event in the future', 1, [3], false, 3],
    ['the last event that is missing', 3, [-1, 3, 5, 7], false, 5],
    ['too few events in the future', 3, [-1, 3], false, NEVER],
    ['an event now', 1, [0], true, 30],
    ['an event at the start of the window, which is not in it', 1, [-30], false, NEVER],
    ['an event in the future does not extend a window', 1, [-29, 3], true, 1],
  ])('of events in a window: %s', (_, count, days, holds, due) => {
    expect(evaluate(paid(count), userWith({ days }))).toEqual({ holds, due: NOW + due * DAY });
  });

  it.each([
    ['2026-02-28T12:00:00Z', true, NOW + 29 * DAY],
    ['2026-02-28T12:00:00.0001Z', true, NOW + 29 * DAY + 1],
    ['2026-03-01T12:00:00.0001Z', false, NOW + 1],
    ['2026-01-30T12:00:00.000Z', false, NEVER],
    ['2026-01-30T12:00:00.000000001Z', true, NOW + 1],
    ['2026-02-30T00:00:00Z', false, Date.parse('2026-03-01')],
  ])('of an attribute within 30 days: %s', (at, holds, due) => {
    const user = userWith({ meta: { at } });
    const expected = due > NOW ? { holds, due } : { holds: true, due: due + 30 * DAY };
    expect(evaluate({ meta: [{ key: 'at', dateTime: { within: 'P30D' } }] }, user)).toEqual(expected);
  });

  it('of an attribute that grows older', () => {
    const before: UserFilter = { meta: [{ key: 'at', dateTime: { before: 'P30D' } }] };
    const at = (text: string) => userWith({ meta: { at: text } });
    expect(evaluate(before, at('2026-02-28T12:00:00.0001Z'))).toEqual({ holds: false, due: NOW + 29 * DAY + 1 });
    expect(evaluate(before, at('2026-01-30T12:00:00Z'))).toEqual({ holds: true, due: NEVER });
    expect(evaluate({ not: before }, at('2026-02-28'))).toEqual({ holds: true, due: Date.parse('2026-03-30') });
  });

  it('is never, if it is after the last valid instant, or if an instant is not a number', () => {
    const before: UserFilter = { meta: [{ key: 'at', dateTime: { before: 'P30D' } }] };
    const lastDay = Date.parse('9999-12-01');
    expect(evaluate(before, userWith({ meta: { at: '9999-12-01' } })).due).toBe(lastDay + 30 * DAY);
    expect(evaluate(before, userWith({ meta: { at: '9999-12-31' } }))).toEqual({ holds: false, due: NEVER });
    const facts = userWith({});
    const unusual = { ...facts, user: { ...facts.user, createdAt: 'infinity' } };
    expect(evaluate({ createdAt: { before: 'P30D' } }, unusual)).toEqual({ holds: false, due: NEVER });
    expect(evaluate({ createdAt: { within: 'P30D' } }, unusual)).toEqual({ holds: false, due: NEVER });
  });

  it('of a number of events among very many', () => {
    const days = Array.from({ length: 200_000 }, (_, place) => -(place + 1) / 10_000);
    expect(evaluate(paid(200_000), userWith({ days }))).toEqual({ holds: true, due: NOW + 10 * DAY });
    expect(evaluate(paid(200_001), userWith({ days: days.map((day) => day + 20) }))).toEqual({
      holds: false,
      due: NEVER,
    });
  });

  it('of conditions that are combined', () => {
    const user = userWith({ meta: { plan: 'pro' }, days: [-1, -2, 3] });
    const [twice, thrice] = [paid(2), paid(3)];
    const never: UserFilter = { meta: [{ key: 'plan', string: { eq: 'free' } }] };
    const always: UserFilter = { not: never };
    const day = (distance: number) => NOW + distance * DAY;
    expect(evaluate({ and: [twice, always] }, user)).toEqual({ holds: true, due: day(28) });
    expect(evaluate({ and: [twice, thrice] }, user)).toEqual({ holds: false, due: day(3) });
    expect(evaluate({ and: [thrice, never] }, user)).toEqual({ holds: false, due: NEVER });
    expect(evaluate({ and: [paid(4), thrice] }, user)).toEqual({ holds: false, due: NEVER });
    expect(evaluate({ or: [twice, paid(1), thrice] }, user)).toEqual({ holds: true, due: day(29) });
    expect(evaluate({ or: [twice, always] }, user)).toEqual({ holds: true, due: NEVER });
    expect(evaluate({ or: [thrice, never] }, user)).toEqual({ holds: false, due: day(3) });
  });
});

it('The number of a text compares with whole milliseconds as the text does', () => {
  expect(parseInstant('2026-02-01')).toBe(Date.parse('2026-02-01'));
  expect(parseInstant('2026-02-01T10:00:00.12Z')).toBe(Date.parse('2026-02-01T10:00:00.120Z'));
  expect(parseInstant('2026-02-01T10:00:00.120000000Z')).toBe(Date.parse('2026-02-01T10:00:00.120Z'));
  expect(parseInstant('2026-02-01T10:00:00.120000001Z')).toBe(Date.parse('2026-02-01T10:00:00.120Z') + 0.5);
  expect(parseInstant('2026-01-31T10:00:00Z')).toBe(Date.parse('2026-01-31T10:00:00Z'));
  expect(parseInstant('2026-02-01T10:00:60Z')).toBe(Date.parse('2026-02-01T10:01:00Z') - 0.5);
  expect(parseInstant('2026-02-30')).toBe(Date.parse('2026-03-01') - 0.5);
  expect(parseInstant('2026-02-01T24:00:00Z')).toBe(Date.parse('2026-02-02') - 0.5);
  expect(parseInstant('2026-99-99T99:99:99Z')).toBe(Date.parse('2027-01-01') - 0.5);
  expect(parseInstant('0000-00-00')).toBe(Date.parse('0000-01-01T00:00:00.000Z') - 0.5);
  expect(parseInstant('9999-99-99')).toBe(NEVER);
  expect(parseInstant('2026-02-01T10:00:00+01:00')).toBeNull();
});
