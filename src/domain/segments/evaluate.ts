import type { Evaluation } from '../filter/evaluation.ts';
import { instantRange } from '../shared/instant.ts';
import type { UserFacts } from '../users/filter/condition.ts';
import { type Cause, causeOfSegment, type Definition, type Plan } from './plan.ts';

/** The stored membership and due instant of a user for a definition. */
export interface StoredMembership {
  isMember: boolean;
  /**
   * The next instant at which the membership can change without a write, in ms since 1970; undefined if none is stored.
   */
  due: number | undefined;
}

/** The stored state of a user for all definitions. */
export interface StoredUser {
  /** By definition id. A missing entry means: not a member, and no due instant. */
  memberships: ReadonlyMap<string, StoredMembership>;
  /** Ids of the segments in which the user is suppressed whenever a member. */
  suppressedIn: ReadonlySet<string>;
}

/** A difference between the stored and the evaluated state of a user for a definition. */
export interface Effect {
  userId: string;
  definition: Definition;
  /** Whether the user becomes (`enter`) or ceases to be (`exit`) a member. */
  change?: 'enter' | 'exit';
  /** The due instant to store, in ms since 1970; null deletes it, undefined keeps the stored one. */
  due?: number | null;
  /** Whether the user is suppressed in the segment whenever a member. */
  isSuppressed: boolean;
  causes: readonly Cause[];
}

/** The definitions to evaluate for a user, by their index in the plan, with the causes. */
export type Evaluations = ReadonlyMap<number, readonly Cause[]>;

/** Adds evaluations to those of a user. */
export function addEvaluations(evaluations: Evaluations | undefined, added: Evaluations): Evaluations {
  if (!evaluations) return added;
  const merged = new Map(evaluations);
  for (const [index, causes] of added) merged.set(index, [...new Set([...(merged.get(index) ?? []), ...causes])]);
  return merged;
}

/**
 * Evaluates definitions for one user, in the order of the plan. If the user enters or exits a segment, the definitions
 * that refer to it are evaluated, too.
 * @param facts the data that the conditions need, with the stored memberships; entries and exits are applied to a copy
 * of these.
 * @param now in ms since 1970.
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
    const { segmentId } = definition;
    const isSuppressed = stored?.suppressedIn.has(segmentId) ?? false;
    if (hasChanged || newDue !== undefined) {
      effects.push({
        userId,
        definition,
        ...(hasChanged ? { change: holds ? 'enter' : 'exit' } : {}),
        ...(newDue === undefined ? {} : { due: newDue }),
        isSuppressed,
        causes,
      });
    }
    const dependents = plan.dependentsOf(index);
    if (!hasChanged || dependents.length === 0) continue;
    const others = user.segments.filter((each) => each.segmentId !== segmentId);
    user = { ...user, segments: holds ? [...others, { segmentId, suppressed: isSuppressed }] : others };
    const cause = [causeOfSegment(definition)];
    all = addEvaluations(all, new Map(dependents.map((dependent) => [dependent, cause])));
  }
  return effects;
}

/** Delay in ms before users whose events could not be read in time are evaluated again. */
const RETRY_MS = 30_000;

/** Delay in ms between two of them, so that each is evaluated in a step of its own. */
const RETRY_SPACING_MS = 2_000;

/**
 * Postpones the evaluation of a user whose events could not be read in time: keeps the memberships, and stores an
 * instant for the next attempt.
 * @param place the number of users that the same step has postponed before.
 */
export function postponeUser(
  userId: string,
  definitions: readonly Definition[],
  { stored, now, place }: { stored: StoredUser | undefined; now: number; place: number },
): Effect[] {
  const retryAt = now + RETRY_MS + place * RETRY_SPACING_MS;
  return definitions.flatMap((definition) => {
    const due = stored?.memberships.get(definition.id)?.due;
    if (due !== undefined && due > now && due <= retryAt) return [];
    return [{ userId, definition, due: retryAt, isSuppressed: false, causes: [] }];
  });
}

/** The last valid instant. Later changes are ignored. */
const LAST_INSTANT = instantRange.last.getTime();

/**
 * Whether a definition holds for a user, and the next instant at which that can change without a write: `Infinity` if
 * never.
 */
export function evaluateDefinition({ condition }: Definition, user: UserFacts, now: number): Evaluation {
  const { holds, due } = condition.evaluate(user, now);
  return { holds, due: due > LAST_INSTANT ? Number.POSITIVE_INFINITY : due };
}

/** Whether the backfill of a definition has reached a user. */
export const isComputedFor = ({ isCurrent, position }: Definition, userId: string) =>
  isCurrent || (position !== null && userId <= position);

/**
 * Returns the due instant to store; null deletes the stored one, undefined keeps it. A stored instant that is in the
 * future and not later than the new one is kept: the evaluation at that instant finds the next one. Otherwise, each
 * event of a user would update the row.
 */
function dueToStore(stored: number | undefined, due: number, now: number): number | null | undefined {
  if (stored !== undefined && stored > now && stored <= due) return undefined;
  if (Number.isFinite(due)) return due === stored ? undefined : due;
  return stored === undefined ? undefined : null;
}
