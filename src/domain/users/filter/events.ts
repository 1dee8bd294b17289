import { Prisma } from '../../../db/generated/client.ts';
import { ago, sqlText, textComparisons } from './comparisons.ts';
import type { Condition, Dependency, EventFacts, SqlScope } from './condition.ts';
import { describeDuration } from './duration.ts';
import type { CountFilter, EventCondition, UserFilter } from './input.ts';
import { all, not } from './logic.ts';
import { valueComparisons } from './values.ts';

/** A condition on one event. */
interface EventTest {
  sql(now: Date): Prisma.Sql;
  passes(event: EventFacts, now: number): boolean;
  phrase: string;
}

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
  const given = (bounds: typeof minima) => bounds.filter((bound) => bound != null);
  return { minimum: Math.max(0, ...given(minima)), maximum: Math.min(Number.POSITIVE_INFINITY, ...given(maxima)) };
}

/** The tests that an event must pass to be counted. */
function testsOf({ name, within, since, until, value, properties }: EventCondition): EventTest[] {
  return [
    ...textComparisons(name).map(
      (comparison): EventTest => ({
        sql: (now) => comparison.sql(sqlText(Prisma.sql`events.name`), now),
        passes: (event, now) => comparison.holds(event.name, now),
        phrase: `name ${comparison.phrase}`,
      }),
    ),
    ...(within == null
      ? []
      : [
          {
            sql: (now: Date) =>
              Prisma.sql`events.timestamp > ${ago(now, within)}::timestamptz AND events.timestamp <= ${now}::timestamptz`,
            passes: ({ timestamp }: EventFacts, now: number) =>
              Date.parse(timestamp) > ago(now, within).getTime() && Date.parse(timestamp) <= now,
            phrase: `in the last ${describeDuration(within)}`,
          },
        ]),
    ...(since == null
      ? []
      : [
          {
            sql: () => Prisma.sql`events.timestamp >= ${since}::timestamptz`,
            passes: ({ timestamp }: EventFacts) => Date.parse(timestamp) >= since.getTime(),
            phrase: `since ${since.toISOString()}`,
          },
        ]),
    ...(until == null
      ? []
      : [
          {
            sql: () => Prisma.sql`events.timestamp < ${until}::timestamptz`,
            passes: ({ timestamp }: EventFacts) => Date.parse(timestamp) < until.getTime(),
            phrase: `before ${until.toISOString()}`,
          },
        ]),
    ...valueComparisons(value ?? {}).map(
      (comparison): EventTest => ({
        sql: (now) => comparison.sql(Prisma.sql`events.value`, now),
        passes: (event, now) => comparison.holds(event.value, now),
        phrase: `value ${comparison.phrase}`,
      }),
    ),
    ...(properties ?? []).flatMap(({ key, ...tests }) =>
      valueComparisons(tests).map(
        (comparison): EventTest => ({
          sql: (now) => comparison.sql(Prisma.sql`(events.properties->${key}::text)`, now),
          passes: (event, now) =>
            comparison.holds(Object.hasOwn(event.properties, key) ? (event.properties[key] ?? null) : null, now),
          phrase: `${key} ${comparison.phrase}`,
        }),
      ),
    ),
  ];
}

/** Holds if a user has at least `count` events that pass all tests. */
function atLeast(count: number, tests: readonly EventTest[], dependencies: Dependency[]): Condition {
  const passing = ({ workspaceId, now }: SqlScope) => Prisma.sql`
    FROM events WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = users.id
      ${Prisma.join([Prisma.empty, ...tests.map((test) => test.sql(now))], ' AND ')}`;
  return {
    sql: (scope, isNegated) => {
      const negation = Prisma.raw(isNegated ? 'NOT ' : '');
      if (count === 1) return Prisma.sql`${negation}EXISTS (SELECT ${passing(scope)})`;
      const counted = Prisma.sql`(SELECT count(*) FROM (SELECT ${passing(scope)} LIMIT ${count}::int) AS counted)`;
      return Prisma.sql`${negation}(${counted} >= ${count}::int)`;
    },
    holds: ({ events }, now) => {
      let passed = 0;
      for (const event of events) {
        if (tests.every((test) => test.passes(event, now))) passed += 1;
        if (passed >= count) return true;
      }
      return false;
    },
    phrase: () => `did at least ${count} × an event with ${tests.map((test) => test.phrase).join(' and ')}`,
    dependencies: () => dependencies,
  };
}

const nobody: Condition = {
  sql: (_scope, isNegated) => (isNegated ? Prisma.sql`true` : Prisma.sql`false`),
  holds: () => false,
  phrase: () => 'nobody',
  dependencies: () => [],
};

function toCondition(input: EventCondition): Condition {
  const { minimum, maximum } = rangeOf(input.count);
  if (minimum > maximum) return nobody;
  const tests = testsOf(input);
  const dependencies: Dependency[] = [
    { kind: 'events', name: input.name.eq ?? undefined },
    ...(input.within == null ? [] : [{ kind: 'time' } as const]),
  ];
  return all([
    ...(minimum > 0 ? [atLeast(minimum, tests, dependencies)] : []),
    ...(Number.isFinite(maximum) ? [not(atLeast(maximum + 1, tests, dependencies))] : []),
  ]);
}

/** The conditions on the events of a user. */
export const eventConditions = (filter: UserFilter): Condition[] => (filter.events ?? []).map(toCondition);
