import type { EventFacts } from '../../../src/domain/events/filter.ts';
import { parseDuration } from '../../../src/domain/filter/duration.ts';
import { parseInstant } from '../../../src/domain/filter/instants.ts';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import type { Choices } from '../choices.ts';
import { eventNames, keys, listIds, NOW, platforms, somebody } from './people.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

const durations = ['PT1M', 'P1D', 'P1DT12H', 'P7D', 'P30D'];

/** The start of time that the tests step through, and its end, in ms since 1970. */
export const STEPS = { start: NOW.getTime() - 40 * DAY, end: NOW.getTime() + 60 * DAY };

/** The rules by which instants at which conditions change are found. */
export const rules = ['window', 'count', 'within', 'before', 'rows', 'not', 'and', 'or'] as const;

/** An instant that is a boundary of the tests' windows in one of three cases, and otherwise some hour around them. */
function someInstant({ percent, below, of }: Choices): number {
  if (percent(30)) return NOW.getTime() + of([-1, 1]) * (parseDuration(of(durations)) ?? 0) + below(3) - 1;
  return NOW.getTime() + (below(70 * 24) - 50 * 24) * HOUR;
}

/** The same as a text in an attribute, with any number of digits. */
function someInstantText(choices: Choices): string {
  const text = new Date(someInstant(choices)).toISOString();
  const { percent, below } = choices;
  if (percent(20)) return text.slice(0, '2026-01-01'.length);
  return percent(50) ? text : text.replace('Z', `${String(below(1000)).padStart(3, '0')}Z`);
}

/** A user with up to `most` events, some of which are in the future, and with attributes that are instants. */
export function somebodyInTime(choices: Choices, place: number, most = 12): UserFacts {
  const { below, percent, of } = choices;
  const facts = somebody(choices, place);
  const event = (): EventFacts => ({
    name: of(eventNames.slice(0, percent(70) ? 2 : undefined)),
    value: percent(30) ? someInstantText(choices) : percent(50) ? below(5) : null,
    properties: percent(50) ? { plan: percent(50) ? someInstantText(choices) : 'pro' } : {},
    timestamp: someInstant(choices),
  });
  const instant = () => new Date(someInstant(choices)).toISOString();
  const dates = Object.fromEntries(keys.filter(() => percent(30)).map((key) => [key, someInstantText(choices)]));
  return {
    ...facts,
    user: { ...facts.user, createdAt: instant(), appLastActiveAt: instant(), meta: { ...facts.user.meta, ...dates } },
    devices: Array.from({ length: below(4) }, () => ({ platform: of(platforms), lastSeenAt: instant() })),
    lists: listIds
      .filter(() => percent(50))
      .map((listId) => ({ listId, subscribed: percent(50), joinedAt: instant() })),
    events: Array.from({ length: below(most + 1) }, event),
  };
}

/** A filter that depends on time, nested at most to a depth. */
export function timedFilter(choices: Choices, depth: number): UserFilter {
  const { below, percent, of } = choices;
  const several = () => Array.from({ length: 1 + below(3) }, () => timedFilter(choices, depth - 1));
  if (depth > 0 && percent(75)) {
    return of([
      () => ({ and: several() }),
      () => ({ or: several() }),
      () => ({ not: timedFilter(choices, depth - 1) }),
    ])();
  }
  const aged = () => ({ [of(['within', 'before'] as const)]: of(durations) });
  const count = () => of([{ gte: 1 + below(4) }, { lt: 1 + below(4) }, { eq: below(4) }]);
  const content = () =>
    of([
      { value: { dateTime: aged() } },
      { value: { number: { gte: below(5) } } },
      { properties: [{ key: 'plan', dateTime: aged() }] },
      { properties: [{ key: 'plan', exists: percent(50) }] },
    ]);
  const events = () => ({
    name: of([{ eq: of(eventNames) }, { contains: 'a' }, { ne: of(eventNames) }]),
    ...(percent(85) ? { within: of(durations) } : {}),
    ...(percent(70) ? { count: count() } : {}),
    ...(percent(20) ? content() : {}),
    ...(percent(10) ? { since: new Date(someInstant(choices)) } : {}),
    ...(percent(10) ? { until: new Date(someInstant(choices)) } : {}),
  });
  const some = <Condition>(condition: Condition) => ({ [of(['some', 'none'] as const)]: condition });
  return of<() => UserFilter>([
    () => ({ events: [events()] }),
    () => ({ events: [events()] }),
    () => ({ meta: [{ key: of(keys), dateTime: aged() }] }),
    () => ({ [of(['createdAt', 'appLastActiveAt'] as const)]: aged() }),
    () => ({ devices: some({ lastSeenAt: aged(), ...(percent(50) ? { platform: of(platforms) } : {}) }) }),
    () => ({ lists: some({ joinedAt: aged(), ...(percent(50) ? { subscribed: percent(50) } : {}) }) }),
  ])();
}

/** The rules that a filter exercises. */
export function rulesOf(filter: UserFilter): Set<(typeof rules)[number]> {
  const text = JSON.stringify(filter);
  const patterns: Record<(typeof rules)[number], RegExp> = {
    window: /"events":.*"within"/,
    count: /"count":.*[2-9]/,
    within: /"(createdAt|appLastActiveAt|dateTime)":\{"within"/,
    before: /"(createdAt|appLastActiveAt|dateTime)":\{"before"/,
    rows: /"(lastSeenAt|joinedAt)"/,
    not: /"not"/,
    and: /"and":\[\{.*\},\{/,
    or: /"or":\[\{.*\},\{/,
  };
  return new Set(rules.filter((rule) => patterns[rule].test(text)));
}

/** All instants at which a condition on a user could change, in `STEPS`, and the ms before and after each, in order. */
export function candidateInstants({ user, devices, lists, events }: UserFacts, filter: UserFilter): number[] {
  const texts = [
    ...Object.values(user),
    ...Object.values(user.meta),
    ...devices.map(({ lastSeenAt }) => lastSeenAt),
    ...lists.map(({ joinedAt }) => joinedAt),
    ...events.flatMap(({ value, properties }) => [value, ...Object.values(properties)]),
  ];
  const starts = [
    ...texts.flatMap((text) => (typeof text === 'string' ? (parseInstant(text) ?? []) : [])),
    ...events.map(({ timestamp }) => timestamp),
  ];
  const lengths = [...JSON.stringify(filter).matchAll(/"(?:within|before)":"(\w+)"/g)].map(
    ([, duration = '']) => parseDuration(duration) ?? 0,
  );
  const all = starts.flatMap((start) => [0, ...lengths].map((length) => Math.ceil(start) + length));
  const around = [STEPS.start, ...all.flatMap((instant) => [instant - 1, instant, instant + 1])];
  const inSteps = around.filter((instant) => instant >= STEPS.start && instant <= STEPS.end);
  return [...new Set(inSteps)].sort((one, other) => one - other);
}
