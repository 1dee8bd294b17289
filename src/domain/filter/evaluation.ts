import { instantRange } from '../shared/instant.ts';

/**
 * The value of a condition at an instant, and the earliest instant at which it can change.
 *
 * The value cannot change before `due` without a write. It need not change at `due`: the condition must be evaluated
 * again then. The rules below preserve this invariant, by induction over the parts, none of which changes before its
 * own `due`:
 *
 * - A conjunction that holds becomes false with the first part that does: the least `due` of all parts. One that does
 *   not hold needs every part to hold that does not hold now, so it waits for the last of them: the greatest `due` of
 *   those parts. If one of them never changes, the conjunction never holds.
 * - A disjunction is the negation of the conjunction of the negations, and a negation changes when the negated part
 *   does: the greatest `due` of the parts that hold, or the least of all parts if none holds.
 * - At least n parts of some, of which p hold now: it needs n - p parts more, if it does not hold, and ends when p - n
 *   + 1 parts less hold, if it does. The k-th part to change does not do so before the k-th least `due` of the parts in
 *   question.
 */
export interface Evaluation {
  readonly holds: boolean;
  /**
   * A whole number of ms since 1970, later than the instant of the evaluation; `Infinity` if only a write changes the
   * value.
   */
  readonly due: number;
}

/** Shared constants, because most evaluations end with one of them. */
const HOLDS: Evaluation = { holds: true, due: Number.POSITIVE_INFINITY };
const FAILS: Evaluation = { holds: false, due: Number.POSITIVE_INFINITY };

/** A value that only a write changes. */
export const constant = (holds: boolean): Evaluation => (holds ? HOLDS : FAILS);

const LAST_DUE = instantRange.last.getTime();

/**
 * A value until an instant.
 * @param due `Infinity` if only a write changes it. NaN and instants after the last valid one count as that.
 */
export const until = (due: number, holds: boolean): Evaluation => (due <= LAST_DUE ? { holds, due } : constant(holds));

/** What can be evaluated for a subject: a user, or one of its rows. */
export interface Evaluable<Subject> {
  /** @param now the instant that `within` and `before` refer to: a whole number of ms since 1970. */
  evaluate(subject: Subject, now: number): Evaluation;
}

/** Whether the part does not hold. */
export const negation = ({ holds, due }: Evaluation): Evaluation => until(due, !holds);

/** Whether all parts hold; true without parts. */
export const allHold = <Subject>(parts: readonly Evaluable<Subject>[], subject: Subject, now: number): Evaluation =>
  combine(parts, subject, now, false);

/** Whether at least one part holds; false without parts. */
export const anyHolds = <Subject>(parts: readonly Evaluable<Subject>[], subject: Subject, now: number): Evaluation =>
  combine(parts, subject, now, true);

/** @param decisive the value of a part that determines the result: false in a conjunction, true in a disjunction. */
function combine<Subject>(
  parts: readonly Evaluable<Subject>[],
  subject: Subject,
  now: number,
  decisive: boolean,
): Evaluation {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    const { holds, due } = part.evaluate(subject, now);
    if (holds !== decisive) least = Math.min(least, due);
    else if (due === Number.POSITIVE_INFINITY) return constant(decisive);
    else greatest = Math.max(greatest, due);
  }
  return greatest === Number.NEGATIVE_INFINITY ? until(least, !decisive) : until(greatest, decisive);
}

/** Whether at least one row passes all tests. */
export function anyPasses<Row>(rows: readonly Row[], tests: readonly Evaluable<Row>[], now: number): Evaluation {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const { holds, due } = allHold(tests, row, now);
    if (!holds) least = Math.min(least, due);
    else if (due === Number.POSITIVE_INFINITY) return HOLDS;
    else greatest = Math.max(greatest, due);
  }
  return greatest === Number.NEGATIVE_INFINITY ? until(least, false) : until(greatest, true);
}

/** Whether at least `count` rows pass all tests; `count` is at least 1. */
export function enoughPass<Row>(
  count: number,
  rows: readonly Row[],
  tests: readonly Evaluable<Row>[],
  now: number,
): Evaluation {
  let passing = 0;
  let lasting = 0;
  const ends: number[] = [];
  const starts: number[] = [];
  for (const row of rows) {
    const { holds, due } = allHold(tests, row, now);
    if (holds) {
      passing += 1;
      if (due !== Number.POSITIVE_INFINITY) ends.push(due);
      else if (++lasting === count) return HOLDS;
    } else if (due !== Number.POSITIVE_INFINITY) {
      starts.push(due);
    }
  }
  return passing >= count
    ? until(leastOf(ends, passing - count + 1), true)
    : until(leastOf(starts, count - passing), false);
}

/** The k-th smallest number; `Infinity` if there are fewer than k. */
function leastOf(numbers: readonly number[], k: number): number {
  if (numbers.length < k) return Number.POSITIVE_INFINITY;
  return Float64Array.from(numbers).sort()[k - 1] ?? Number.POSITIVE_INFINITY;
}
