import type { Evaluation } from '../filter/evaluation.ts';
import { instantRange } from '../shared/instant.ts';
import type { UserFacts } from '../users/filter/condition.ts';
import { type Cause, causeOfSegment, type Definition, type Plan } from './plan.ts';

/** What is stored about a user and a definition. */
export interface StoredMembership {
  isMember: boolean;
  /** When the membership can change by itself, in ms since 1970; undefined if no instant is stored. */
  due: number | undefined;
}

/** What is stored about a user. */
export interface StoredUser {
  /** By definition. A missing one: not a member, and no instant. */
  memberships: ReadonlyMap<string, StoredMembership>;
  /** The segments in which the user is suppressed, as a member. */
  suppressedIn: ReadonlySet<string>;
}

/** A difference between what is stored about a user and a definition, and what holds. */
export interface Effect {
  userId: string;
  definition: Definition;
  /** Whether the user becomes (`enter`) or ceases to be (`exit`) a member. */
  change?: 'enter' | 'exit';
  /** The instant to store, in ms since 1970; null to delete it; undefined to keep what is stored. */
  due?: number | null;
  causes: readonly Cause[];
}

/** The definitions to evaluate for a user, by their index in the plan, with what caused that. */
export type Evaluations = ReadonlyMap<number, readonly Cause[]>;

/** Adds evaluations to those of a user. */
export function addEvaluations(evaluations: Evaluations | undefined, added: Evaluations): Evaluations {
  if (!evaluations) return added;
  const sum = new Map(evaluations);
  for (const [index, causes] of added) sum.set(index, [...new Set([...(sum.get(index) ?? []), ...causes])]);
  return sum;
}

/**
 * Evaluates definitions for one user, in the order of the plan. A user who enters or exits a segment is evaluated for the definitions that
 * refer to it, too.
 * @param facts what the conditions need to know; its memberships follow the effects. @param now in ms since 1970.
 */
export function evaluateUser(
  plan: Plan,
  evaluations: Evaluations,
  { facts, stored, now }: { facts: UserFacts; stored: StoredUser | undefined; now: number },
): Effect[] {
  const userId = facts.user.id;
  const effects: Effect[] = [];
  let user = facts;
  let all = evaluations;
  for (const [index, definition] of plan.definitions.entries()) {
    const causes = all.get(index);
    if (!causes || !isComputedFor(definition, userId)) continue;
    const before = stored?.memberships.get(definition.id) ?? { isMember: false, due: undefined };
    const { holds, due } = evaluateDefinition(definition, user, now);
    const newDue = dueToStore(before.due, due, now);
    const hasChanged = holds !== before.isMember;
    if (hasChanged || newDue !== undefined) {
      effects.push({
        userId,
        definition,
        ...(hasChanged ? { change: holds ? 'enter' : 'exit' } : {}),
        ...(newDue === undefined ? {} : { due: newDue }),
        causes,
      });
    }
    if (!hasChanged || !definition.isCurrent) continue;
    const { segmentId } = definition;
    const others = user.segments.filter((each) => each.segmentId !== segmentId);
    const suppressed = stored?.suppressedIn.has(segmentId) ?? false;
    user = { ...user, segments: holds ? [...others, { segmentId, suppressed }] : others };
    const dependents = plan.dependentsOf(index);
    if (dependents.length === 0) continue;
    const cause = [causeOfSegment(definition)];
    all = addEvaluations(all, new Map(dependents.map((dependent) => [dependent, cause])));
  }
  return effects;
}

/** The last valid instant. A membership does not change by itself later. */
const LAST_INSTANT = instantRange.last.getTime();

/** Whether a definition holds for a user, and the instant at which that can change by itself: `Infinity` if never. */
export function evaluateDefinition({ condition }: Definition, user: UserFacts, now: number): Evaluation {
  const { holds, due } = condition.evaluate(user, now);
  return { holds, due: due > LAST_INSTANT ? Number.POSITIVE_INFINITY : due };
}

/** Whether the members of a definition are known for a user: those of one that is being computed are, up to its position. */
const isComputedFor = ({ isCurrent, position }: Definition, userId: string) =>
  isCurrent || (position !== null && userId <= position);

/**
 * The instant to store in place of a stored one; null: none; undefined: keep it. One that is earlier and still to come is kept: the
 * evaluation at that instant finds the right one. A user with many events would change it with each of them otherwise.
 */
function dueToStore(stored: number | undefined, due: number, now: number): number | null | undefined {
  if (stored !== undefined && stored > now && stored <= due) return undefined;
  if (Number.isFinite(due)) return due === stored ? undefined : due;
  return stored === undefined ? undefined : null;
}
