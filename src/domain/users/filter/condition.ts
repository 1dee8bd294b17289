import { Prisma } from '../../../db/generated/client.ts';
import type { AvailableIndexes } from '../../../db/indexes/catalogue.ts';
import type { Walk } from '../../../db/reading/ordered/source.ts';
import type { StoredRange } from '../../attributes/stored-ranges.ts';
import type { DevicePlatform } from '../../devices/device.ts';
import type { EventFacts, EventTest } from '../../events/filter.ts';
import type { Evaluable } from '../../filter/evaluation.ts';
import type { AttributeFilter } from '../../filter/input.ts';
import type { RowScope, RowTest } from '../../filter/row-tests.ts';
import type { StoredTest } from '../../filter/stored-values.ts';
import type { Instant } from '../../shared/instant.ts';
import type { User } from '../user.ts';

/**
 * A condition of a filter. One definition is compiled to SQL, evaluated in memory, and printed. The evaluation is what
 * the tests compare the SQL with; names of events are chosen by it, too.
 */
export interface Condition extends Evaluable<UserFacts> {
  /**
   * SQL of the condition for a row of `users`, or of its negation. It is true exactly where that holds, and otherwise
   * false or NULL, which only WHERE, AND and OR may receive.
   */
  sql(scope: SqlScope, isNegated: boolean): Prisma.Sql;
  /** How the users for which the condition holds are found. */
  access: Access;
  /** Conditions of which at least one holds exactly where this one does, each found by an index of its own. */
  alternatives?: readonly Condition[];
  /** The condition in words, such as `plan is "pro"`. */
  phrase(wording?: Wording): string;
  /** The combined conditions; omitted for a single condition. */
  parts?: { operator: 'and' | 'or'; conditions: readonly Condition[] };
  /** What the condition depends on. */
  dependencies(): Dependency[];
  /** The event counts that it depends on; none if omitted. */
  eventCounts?(): readonly EventCount[];
}

/** How a condition is put into words. */
export interface Wording {
  /** Whether to describe the negation of the condition. */
  isNegated?: boolean;
  /** Returns the name of a list or segment. Without a name, the id is shown. */
  nameOf?(kind: 'list' | 'segment', id: string): string | undefined;
}

/** A condition on the number of a user's events: at least `count` pass all tests. */
export interface EventCount {
  count: number;
  tests: readonly EventTest[];
  /** The tests on the value and the properties, which are also part of `tests`. */
  contentTests: readonly EventTest[];
  /** The case-folded names that the tests require; undefined if other names can pass. */
  names: readonly string[] | undefined;
  /** Whether an event with this name passes the test on the name. */
  isNamed(name: string): boolean;
  /** Length in ms of the window, which ends at the instant of the evaluation; undefined without a window. */
  window: number | undefined;
  /** Start (inclusive) and end (exclusive) of the time range of the events, in ms since 1970; infinite if unbounded. */
  since: number;
  until: number;
}

/**
 * How users are found: an index has them; an index has rows that are grouped and counted by user; or users are read
 * until enough are found.
 */
export type Access = 'index' | 'aggregate' | 'scan';

/** What the ways to find users depend on, besides the filter. */
export interface ConditionOptions {
  /** The indexes of the database. */
  indexes: AvailableIndexes;
  /**
   * Finds the range of stored values for a condition on an attribute; undefined if the attribute is not declared with
   * the type, or not ready. Called for each condition that an index on the values would serve, except for negated ones,
   * which no range finds.
   */
  findRange?: ((filter: AttributeFilter, test: StoredTest) => StoredRange | undefined) | undefined;
}

/** What a condition is compiled for. */
export interface SqlScope extends RowScope {
  /**
   * Set where the SQL is a part of WHERE itself, so that PostgreSQL can find the users by the condition. Undefined
   * elsewhere, such as in OR: the condition is then evaluated for one user after the other.
   */
  walk?: ConditionWalk | undefined;
}

/** A walk through the users for which a condition holds. */
export interface ConditionWalk extends Walk {
  /** Whether the users are found by this condition, and not by another one. */
  isDriver: boolean;
}

/** Data on which the result of a condition depends. */
export type Dependency =
  | { kind: 'field'; field: string }
  | { kind: 'attribute'; key: string }
  | { kind: 'devices' }
  /** All lists, or all segments, if `ids` is undefined. */
  | { kind: 'lists' | 'segments'; ids: readonly string[] | undefined }
  /** All events with this name, whatever its case; all events of the workspace if it is undefined. */
  | { kind: 'events'; name: string | undefined }
  /** The result can change without a write, as time passes. */
  | { kind: 'time' };

/** A user with all data that a condition can refer to. */
export interface UserFacts {
  user: User;
  devices: readonly { platform: DevicePlatform; lastSeenAt: Instant }[];
  lists: readonly { listId: string; subscribed: boolean; joinedAt: Instant }[];
  segments: readonly { segmentId: string; suppressed: boolean }[];
  events: readonly EventFacts[];
}

/**
 * SQL of whether a user has rows in another table, or has none. Without a walk, it is a subquery that is evaluated for
 * one user: PostgreSQL would hash the whole table for an EXISTS in an expression.
 * @param rows FROM and WHERE of the rows of the user `users.id`. @param userId SQL of the column with the user's id.
 */
export function hasRows({ walk }: SqlScope, isNegated: boolean, rows: Prisma.Sql, userId: Prisma.Sql): Prisma.Sql {
  if (walk) return Prisma.sql`${Prisma.raw(isNegated ? 'NOT ' : '')}EXISTS (SELECT ${rows} ${walk.within(userId)})`;
  return Prisma.sql`(SELECT true ${rows} LIMIT 1) IS ${Prisma.raw(isNegated ? '' : 'NOT ')}NULL`;
}

/** The dependency on time, if a test has it. */
export const timeOf = (tests: readonly RowTest<never>[]): Dependency[] =>
  tests.some(({ dependsOnTime }) => dependsOnTime) ? [{ kind: 'time' }] : [];
