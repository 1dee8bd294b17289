import { describeWindow } from '../../filter/duration.ts';
import { describeInstant } from '../../filter/instants.ts';
import { textComparisons } from '../../filter/texts.ts';
import type { Wording } from './condition.ts';
import type { DeviceCondition, EventCondition, ListCondition, SegmentCondition } from './input.ts';

// Conditions on related rows in words. The caller appends further tests in parentheses.

const platformNames = { android: 'Android', ios: 'iOS' } as const;

/** That a user has a device: `has an iOS device`. */
export function describeDevice({ platform }: DeviceCondition, { isNegated }: Wording): string {
  const article = isNegated ? 'no' : platform ? 'an' : 'a';
  return ['has', article, ...(platform ? [platformNames[platform]] : []), 'device'].join(' ');
}

/**
 * That a user is a member of a list: `is on list "News"`, `has unsubscribed from one of the lists "News", "Offers"`.
 */
export function describeList({ listIds, subscribed }: ListCondition, wording: Wording): string {
  const place = describePlace('list', listIds, wording);
  const verbs = { true: 'is subscribed to', false: 'has unsubscribed from', undefined: 'is on' } as const;
  return `${negate(verbs[`${subscribed ?? undefined}`], wording)} ${place}`;
}

/** That a user is a member of a segment: `is in segment "Active"`, `is suppressed in a segment`. */
export function describeSegment({ segmentIds, suppressed }: SegmentCondition, wording: Wording): string {
  const place = describePlace('segment', segmentIds, wording);
  return `${negate(suppressed ? 'is suppressed in' : 'is in', wording)} ${place}`;
}

const negate = (verb: string, { isNegated }: Wording) => (isNegated ? verb.replace(/^(is|has) /, '$1 not ') : verb);

function describePlace(
  kind: 'list' | 'segment',
  ids: readonly string[] | null | undefined,
  { isNegated, nameOf }: Wording,
): string {
  if (ids == null) return `${isNegated ? 'any' : 'a'} ${kind}`;
  const names = ids.map((id) => JSON.stringify(nameOf?.(kind, id) ?? id));
  if (names.length === 1) return `${kind} ${names.join()}`;
  return `${isNegated ? 'any' : 'one'} of ${names.length === 0 ? `no ${kind}s` : `the ${kind}s ${names.join(', ')}`}`;
}

/** The number of events: at least `minimum` and at most `maximum`. */
interface Range {
  minimum: number;
  maximum: number;
}

/** That a user did something: `did "Paid" at least 3 times in the last 30 days`. */
export function describeEvents(
  { name, within, since, until }: EventCondition,
  { minimum, maximum }: Range,
  { isNegated }: Wording,
): string {
  const event = describeNames(name);
  const did = (count: string) => `did ${event} ${count}`;
  const didNot = ['did not do', event].join(' ');
  const phrase = () => {
    const [hasMinimum, hasMaximum] = [minimum > 0, Number.isFinite(maximum)];
    if (!hasMinimum && !hasMaximum) return isNegated ? `${didNot} any number of times` : did('any number of times');
    if (!hasMaximum && isNegated) return minimum === 1 ? didNot : did(`fewer than ${minimum} times`);
    if (!hasMaximum) return did(`at least ${times(minimum)}`);
    if (maximum === 0) return isNegated ? did('at least once') : didNot;
    if (!hasMinimum) return did(isNegated ? `more than ${times(maximum)}` : `at most ${times(maximum)}`);
    const count = minimum === maximum ? `exactly ${times(minimum)}` : `${minimum} to ${maximum} times`;
    return isNegated ? `${didNot} ${count}` : did(count);
  };
  return [
    phrase(),
    ...(within == null ? [] : [`in ${describeWindow(within)}`]),
    ...(since == null ? [] : [`since ${describeInstant(since)}`]),
    ...(until == null ? [] : [`before ${describeInstant(until)}`]),
  ].join(' ');
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);

/** The events with some names: `"Paid"`, `"Paid" or "Refunded"`, `an event whose name contains "pay"`. */
function describeNames({ caseSensitive, ...name }: EventCondition['name']): string {
  const { eq, in: names } = name;
  const isOnly = Object.values(name).filter((operand) => operand != null).length === 1;
  const suffix = caseSensitive ? ' (case-sensitive)' : '';
  const quoted = (eq == null ? (names ?? []) : [eq]).map((each) => JSON.stringify(each));
  if (isOnly && quoted.length > 0) return `${quoted.join(' or ')}${suffix}`;
  const comparisons = textComparisons({ ...name, caseSensitive });
  if (comparisons.length === 0) return 'any event';
  return `an event whose name ${comparisons.map(({ phrase }) => phrase).join(' and ')}`;
}
