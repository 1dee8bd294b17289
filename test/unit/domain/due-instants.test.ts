import { expect, it } from 'vitest';
import { z } from 'zod';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import { type UserFilter, userFilter } from '../../../src/domain/users/filter/input.ts';
import { choicesOf } from '../../kit/choices.ts';
import { filterGenerator } from '../../kit/filters/generate-filter.ts';
import {
  candidateInstants,
  rules,
  rulesOf,
  STEPS,
  somebodyInTime,
  timedFilter,
} from '../../kit/filters/timed-filter.ts';
import { casesOf } from '../../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

/**
 * Steps through all instants at which a condition on a user could change, and through those at which it says that it could.
 * @returns the faults, and how often the condition changed and was evaluated by its own due instants.
 */
function stepThrough(filter: UserFilter, user: UserFacts) {
  const condition = toCondition(filter);
  const faults: unknown[] = [];
  let { holds, due } = condition.evaluate(user, STEPS.start);
  let changes = 0;
  let evaluations = 0;
  const instants = candidateInstants(user, filter);
  for (const [place, now] of instants.entries()) {
    const actual = condition.evaluate(user, now);
    if (actual.due <= now || (Number.isFinite(actual.due) && !Number.isInteger(actual.due)))
      faults.push({ now, due: actual.due });
    // What the consumer of due instants knows at `now`.
    if (due <= now) {
      evaluations += 1;
      const known = condition.evaluate(user, due);
      if (known.holds !== holds) changes += 1;
      ({ holds, due } = known);
      const next = instants[place + 1];
      if (due <= now && next !== undefined) faults.push({ now, due, reason: 'a due instant that is no candidate' });
    }
    if (holds !== actual.holds) faults.push({ now, holds, due, reason: 'changed before it was due' });
  }
  return { faults, changes, evaluations };
}

it('are never later than the change of a condition, for every rule', { timeout: 600_000 }, () => {
  const changed = new Map<string, number>(rules.map((rule) => [rule, 0]));
  let [changes, evaluations] = [0, 0];
  for (let seed = 1; seed <= casesOf(20_000); seed += 1) {
    const choices = choicesOf(seed);
    const input: UserFilter = seed % 4 === 0 ? filterGenerator(choices)(2) : timedFilter(choices, seed % 3);
    const filter = filterSchema.parse(input);
    const steps = stepThrough(filter, somebodyInTime(choices, seed));
    expect({ seed, filter, faults: steps.faults.slice(0, 3) }).toEqual({ seed, filter, faults: [] });
    changes += steps.changes;
    evaluations += steps.evaluations;
    for (const rule of rulesOf(filter)) changed.set(rule, (changed.get(rule) ?? 0) + steps.changes);
  }
  const rare = Object.fromEntries([...changed].filter(([, count]) => count < casesOf(1_000)));
  expect(rare).toEqual({});
  // Due instants at which nothing changes are the exception: of parts of a conjunction or disjunction that others decide.
  expect(evaluations).toBeLessThan(changes * 2);
});

it('are exact for a condition on one instant', () => {
  let changes = 0;
  for (let seed = 1; seed <= casesOf(5_000); seed += 1) {
    const choices = choicesOf(seed);
    const filter = filterSchema.parse(timedFilter(choices, 0));
    // Of several rows, a later one can extend what an earlier one began.
    if (filter.events || filter.lists || filter.devices) continue;
    const { faults, evaluations, ...steps } = stepThrough(filter, somebodyInTime(choices, seed));
    expect({ seed, filter, faults, evaluations }).toEqual({ seed, filter, faults: [], evaluations: steps.changes });
    changes += steps.changes;
  }
  expect(changes).toBeGreaterThan(casesOf(500));
});
