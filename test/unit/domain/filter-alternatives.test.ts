import { expect, it } from 'vitest';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { MAX_ALTERNATIVES } from '../../../src/domain/users/filter/logic.ts';

/** A conjunction of disjunctions: multiplied out, it has `arms ** count` alternatives. */
const conjunctionOf = (count: number, arms: number): UserFilter => ({
  and: Array.from({ length: count }, (_, place) => ({
    or: Array.from({ length: arms }, (_unused, arm) => ({ uid: { eq: `u${place}-${arm}` } })),
  })),
});

it('multiplies out one disjunction of a conjunction, not all of them', () => {
  expect(toCondition(conjunctionOf(3, 5)).alternatives).toHaveLength(5);
});

it.each([
  [10, 5],
  [25, 2],
])('takes linear time for %i disjunctions of %i conditions, the most that a filter can have', (count, arms) => {
  const condition = toCondition({ not: { or: [conjunctionOf(count, arms)] }, and: [conjunctionOf(count, arms)] });
  expect(condition.alternatives?.length).toBeLessThanOrEqual(MAX_ALTERNATIVES);
});

it('is a scan if it has too many alternatives to find users by each', () => {
  const uids = (count: number): UserFilter => ({ or: conjunctionOf(1, count).and?.[0]?.or ?? [] });
  expect(toCondition(uids(MAX_ALTERNATIVES))).toMatchObject({ access: 'index' });
  expect(toCondition(uids(MAX_ALTERNATIVES + 1))).toMatchObject({ access: 'scan' });
});
