import { expect, it } from 'vitest';
import { explain } from '../../../src/domain/segments/explain.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { choicesOf } from '../../kit/choices.ts';
import { NOW, somebody } from '../../kit/filters/people.ts';

const DAY = 24 * 60 * 60_000;
const paid = { name: 'Paid', value: null, properties: {} };
const facts = somebody(choicesOf(1), 1);
const user = {
  ...facts,
  user: { ...facts.user, meta: { plan: 'pro' } },
  events: [
    { ...paid, timestamp: NOW.getTime() - 5 * DAY },
    { ...paid, timestamp: NOW.getTime() + 2 * DAY },
  ],
};

const explained = (filter: UserFilter) => explain(toCondition(filter), user, NOW.getTime());
const isPlan = (plan: string): UserFilter => ({ meta: [{ key: 'plan', string: { eq: plan } }] });
const within = { name: { eq: 'paid' }, within: 'P30D' };

it('gives each condition of a conjunction, with whether it holds and when that changes', () => {
  const filter: UserFilter = {
    ...isPlan('pro'),
    and: [{ events: [within], not: isPlan('free') }, { or: [isPlan('free'), isPlan('team')] }],
    events: [{ ...within, count: { gte: 2, lte: 4 } }],
  };
  expect(explained(filter)).toEqual([
    { condition: 'plan is not "free"', holds: true, changesAt: null },
    {
      condition: 'did "paid" at least once in the last 30 days',
      holds: true,
      changesAt: new Date(NOW.getTime() + 25 * DAY),
    },
    { condition: 'plan is "free" or plan is "team"', holds: false, changesAt: null },
    { condition: 'plan is "pro"', holds: true, changesAt: null },
    {
      condition: 'did "paid" 2 to 4 times in the last 30 days',
      holds: false,
      changesAt: new Date(NOW.getTime() + 2 * DAY),
    },
  ]);
});

it('gives a filter without parts as it is', () => {
  expect(explained({})).toEqual([{ condition: 'everybody', holds: true, changesAt: null }]);
  expect(explained({ or: [] })).toEqual([{ condition: 'nobody', holds: false, changesAt: null }]);
  expect(explained(isPlan('free'))).toEqual([{ condition: 'plan is "free"', holds: false, changesAt: null }]);
});
