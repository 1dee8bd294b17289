import { Prisma } from '../../../db/generated/client.ts';
import { contentTests, type EventFacts, type EventTest } from '../../events/filter.ts';
import { lengthOfDuration } from '../../filter/duration.ts';
import { constant, enoughPass } from '../../filter/evaluation.ts';
import { ago, windowOf } from '../../filter/instants.ts';
import { type RowScope, testIfSet, withDetails } from '../../filter/row-tests.ts';
import { fold, sqlText, textComparisons } from '../../filter/texts.ts';
import {
  type Condition,
  type ConditionOptions,
  type Dependency,
  type EventCount,
  hasRows,
  type SqlScope,
  timeOf,
} from './condition.ts';
import type { CountFilter, EventCondition, UserFilter } from './input.ts';
import { all, not } from './logic.ts';
import { describeEvents } from './wording.ts';

/** The number of events: at least `minimum` and at most `maximum`. */
interface Range {
  minimum: number;
  maximum: number;
}

/** The counts that pass a filter: at least one event by default. */
function rangeOf(filter: CountFilter | null | undefined): Range {
  const { eq, lt, lte, gt, gte } = filter ?? { gte: 1 };
  const minima = [eq, gte, gt == null ? undefined : gt + 1];
  const maxima = [eq, lte, lt == null ? undefined : lt - 1];
  const defined = (bounds: typeof minima) => bounds.filter((bound) => bound != null);
  return { minimum: Math.max(0, ...defined(minima)), maximum: Math.min(Number.POSITIVE_INFINITY, ...defined(maxima)) };
}

/** Maximum number of event names whose results a condition caches. */
const MAX_MEMOIZED_NAMES = 1_000;

/** Memoizes a predicate of event names, of which most workspaces have few. */
function memoize(passes: (name: string) => boolean): (name: string) => boolean {
  const results = new Map<string, boolean>();
  return (name) => {
    const known = results.get(name);
    if (known !== undefined) return known;
    if (results.size >= MAX_MEMOIZED_NAMES) results.clear();
    const result = passes(name);
    results.set(name, result);
    return result;
  };
}

/**
 * The test on the name of an event. The index has names as they are: those that pass are chosen among the workspace's
 * names.
 */
function nameTest(name: EventCondition['name']): EventTest & Pick<EventCount, 'names' | 'isNamed'> {
  const comparisons = textComparisons(name);
  const passes = memoize((each) => comparisons.every((comparison) => comparison.evaluate(each, 0).holds));
  return {
    names: comparisons.find(({ requiredValues }) => requiredValues)?.requiredValues?.map(fold),
    isNamed: passes,
    sql: ({ now, eventNames }) => {
      const names = eventNames?.filter(passes);
      if (names?.length === 1) return Prisma.sql`events.name = ${names[0]}::text`;
      if (names) return Prisma.sql`events.name = ANY(${names}::text[])`;
      const parts = comparisons.map((comparison) => comparison.sql(sqlText(Prisma.sql`events.name`), now));
      return Prisma.join([Prisma.sql`true`, ...parts], ' AND ');
    },
    evaluate: (event) => constant(passes(event.name)),
  };
}

/** The tests on the time of an event. */
function timeTests({ within, since, until }: EventCondition): EventTest[] {
  return [
    ...testIfSet(within, (duration) => {
      const isInWindow = windowOf(duration);
      return {
        sql: ({ now }: RowScope) =>
          Prisma.sql`events.timestamp > ${ago(now, duration)}::timestamptz AND events.timestamp <= ${now}::timestamptz`,
        evaluate: (event: EventFacts, now: number) => isInWindow(event.timestamp, now),
        dependsOnTime: true,
      };
    }),
    ...testIfSet(since, (start) => ({
      sql: () => Prisma.sql`events.timestamp >= ${start}::timestamptz`,
      evaluate: (event: EventFacts) => constant(event.timestamp >= start.getTime()),
    })),
    ...testIfSet(until, (end) => ({
      sql: () => Prisma.sql`events.timestamp < ${end}::timestamptz`,
      evaluate: (event: EventFacts) => constant(event.timestamp < end.getTime()),
    })),
  ];
}

/** Holds if a user has at least `count` events that pass all tests. */
function atLeast(
  required: EventCount,
  { dependencies, phrase }: Pick<Condition, 'phrase' | 'dependencies'>,
): Condition {
  const { count, tests } = required;
  const eventsOf = (scope: SqlScope, isNegated: boolean) => {
    // Users without such events are found by their other events.
    const indexed = scope.walk && !isNegated ? tests.flatMap((test) => test.indexed ?? []) : [];
    return Prisma.sql`FROM events WHERE events.workspace_id = ${scope.workspaceId}::uuid
      ${Prisma.join([Prisma.empty, ...tests.map((test) => test.sql(scope)), ...indexed], ' AND ')}`;
  };
  return {
    sql: (scope, isNegated) => {
      const { walk } = scope;
      const rows = Prisma.sql`${eventsOf(scope, isNegated)} AND events.user_id = users.id`;
      if (count === 1) return hasRows(scope, isNegated, rows, Prisma.sql`events.user_id`);
      if (walk?.isDriver && !isNegated) {
        // In the order of the walk, so that groups are counted only until a page of users is found.
        return Prisma.sql`users.id IN (
          SELECT events.user_id ${eventsOf(scope, isNegated)} ${walk.within(Prisma.sql`events.user_id`)}
          GROUP BY events.user_id HAVING count(*) >= ${count}::int
          ORDER BY events.user_id ${Prisma.raw(walk.isAscending ? 'ASC' : 'DESC')})`;
      }
      const counted = Prisma.sql`(SELECT count(*) FROM (SELECT ${rows} LIMIT ${count}::int) AS counted)`;
      return Prisma.sql`${Prisma.raw(isNegated ? 'NOT ' : '')}(${counted} >= ${count}::int)`;
    },
    access: count === 1 ? 'index' : 'aggregate',
    evaluate: ({ events }, now) => enoughPass(count, events, tests, now),
    phrase,
    dependencies,
    eventCounts: () => [required],
  };
}

const nobody: Condition = {
  sql: (_scope, isNegated) => (isNegated ? Prisma.sql`true` : Prisma.sql`false`),
  access: 'index',
  evaluate: () => constant(false),
  phrase: ({ isNegated } = {}) => (isNegated ? 'everybody' : 'nobody'),
  dependencies: () => [],
};

function toCondition(input: EventCondition, { indexes }: ConditionOptions): Condition {
  const { minimum, maximum } = rangeOf(input.count);
  if (minimum > maximum) return nobody;
  const { names, isNamed, ...nameOfEvent } = nameTest(input.name);
  const ofContent = contentTests(input, indexes);
  const tests = [nameOfEvent, ...timeTests(input), ...ofContent];
  const required = (count: number): EventCount => ({
    count,
    tests,
    contentTests: ofContent,
    names,
    isNamed,
    window: input.within == null ? undefined : lengthOfDuration(input.within),
    since: input.since?.getTime() ?? Number.NEGATIVE_INFINITY,
    until: input.until?.getTime() ?? Number.POSITIVE_INFINITY,
  });
  const ofNames: Dependency[] = names
    ? names.map((name) => ({ kind: 'events', name }))
    : [{ kind: 'events', name: undefined }];
  const dependencies: Dependency[] = [...ofNames, ...timeOf(tests)];
  const phraseOf =
    (range: Range): Condition['phrase'] =>
    (wording = {}) =>
      withDetails(describeEvents(input, range, wording), ofContent);
  const moreThan = (count: number) =>
    atLeast(required(count + 1), {
      dependencies: () => dependencies,
      phrase: phraseOf({ minimum: count + 1, maximum: Number.POSITIVE_INFINITY }),
    });
  // A range of counts is one condition in words, although it is combined from two.
  const { parts: _, ...condition } = all([
    ...(minimum > 0 ? [moreThan(minimum - 1)] : []),
    ...(Number.isFinite(maximum) ? [not(moreThan(maximum))] : []),
  ]);
  return { ...condition, phrase: phraseOf({ minimum, maximum }) };
}

/** The conditions on the events of a user. */
export const eventConditions = (filter: UserFilter, options: ConditionOptions): Condition[] =>
  (filter.events ?? []).map((input) => toCondition(input, options));
