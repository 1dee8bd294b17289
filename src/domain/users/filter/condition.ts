import type { Prisma } from '../../../db/generated/client.ts';
import type { DevicePlatform } from '../../devices/device.ts';
import type { Attributes, AttributeValue } from '../../shared/attributes.ts';
import type { Instant } from '../../shared/instant.ts';
import type { User } from '../user.ts';

/** A condition of a filter. One definition is compiled to SQL, evaluated in memory, and printed. */
export interface Condition {
  /**
   * SQL of the condition for a row of `users`, or of its negation. It is true exactly where that holds, and otherwise false or
   * NULL, which only WHERE, AND and OR may receive.
   */
  sql(scope: SqlScope, isNegated: boolean): Prisma.Sql;
  /** Whether the condition holds for a user. @param now the instant that `within` and `before` refer to, in ms since 1970. */
  holds(user: UserFacts, now: number): boolean;
  /** The condition in words, such as `plan is "pro"`. */
  phrase(): string;
  /** What the condition depends on. */
  dependencies(): Dependency[];
}

/** What a condition is compiled for. */
export interface SqlScope {
  workspaceId: string;
  /** The instant that `within` and `before` refer to. */
  now: Date;
}

/** Data on which the result of a condition depends. */
export type Dependency =
  | { kind: 'field'; field: string }
  | { kind: 'attribute'; key: string }
  | { kind: 'devices' }
  /** All lists, or all segments, if `ids` is undefined. */
  | { kind: 'lists' | 'segments'; ids: readonly string[] | undefined }
  /** `name` is undefined if the condition is not about events of one name. */
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

/** The data of an event that a condition can refer to. */
export interface EventFacts {
  name: string;
  value: AttributeValue | null;
  properties: Attributes;
  timestamp: Instant;
}
