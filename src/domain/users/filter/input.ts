import { z } from 'zod';
import { devicePlatforms } from '../../devices/device.ts';
import { attributeKey } from '../../shared/attributes.ts';
import { instant } from '../../shared/instant.ts';
import { MAX_FILTER_TEXT_LENGTH } from '../../shared/limits.ts';
import type { Scope } from '../../shared/scopes.ts';
import { text } from '../../shared/text.ts';
import { notNull } from '../../shared/validation.ts';
import { duration } from './duration.ts';

// The filter as both APIs receive it. Conditions of one object are combined with AND, and an omitted one holds. Null is rejected,
// since it could mean that, or that a value is missing (`isNull`). The ids are the names of the types in both APIs.

const operand = text(0, MAX_FILTER_TEXT_LENGTH);
const flag = notNull(z.boolean());

const equality = <Operand extends z.ZodType>(each: Operand) => ({
  eq: notNull(each),
  ne: notNull(each),
  in: notNull(z.array(each)),
  notIn: notNull(z.array(each)),
});

const order = <Operand extends z.ZodType>(each: Operand) => ({
  lt: notNull(each),
  lte: notNull(each),
  gt: notNull(each),
  gte: notNull(each),
});

const stringFilter = z
  .strictObject({
    ...equality(operand),
    contains: notNull(operand),
    startsWith: notNull(operand),
    endsWith: notNull(operand),
    isNull: flag,
    caseSensitive: flag,
  })
  .meta({
    id: 'StringFilter',
    description:
      'Conditions on a text, all of which must hold. A missing text satisfies none of them except that it is missing.',
  });

const numberFilter = z.strictObject({ ...equality(z.number()), ...order(z.number()) }).meta({
  id: 'NumberFilter',
  description: 'Conditions on a number, all of which must hold. Values of another type satisfy none of them.',
});

const booleanFilter = z
  .strictObject({ eq: flag, isNull: flag })
  .meta({ id: 'BooleanFilter', description: 'Conditions on a boolean, all of which must hold.' });

const dateTimeFilter = z
  .strictObject({
    eq: notNull(instant),
    ne: notNull(instant),
    ...order(instant),
    isNull: flag,
    within: notNull(duration),
    before: notNull(duration),
  })
  .meta({
    id: 'DateTimeFilter',
    description:
      'Conditions on a point in time, all of which must hold. within: less than this long ago; before: at least this long ago, both as ISO 8601 durations such as P30D.',
  });

/** The most events that a condition can count. */
const MAX_EVENT_COUNT = 10_000;

const eventCount = z.int().min(0).max(MAX_EVENT_COUNT);

const countFilter = z
  .strictObject({ eq: notNull(eventCount), ...order(eventCount) })
  .meta({ id: 'CountFilter', description: 'Conditions on a number of events, all of which must hold.' });

/** The conditions on a value whose type is not fixed. For each of them, a value of another type counts as missing. */
const attributeTests = {
  string: notNull(stringFilter),
  number: notNull(numberFilter),
  boolean: notNull(booleanFilter),
  dateTime: notNull(dateTimeFilter),
  exists: flag,
};

/** A filter for the value of an event. */
export const valueFilter = z.strictObject(attributeTests).meta({
  id: 'ValueFilter',
  description:
    'Conditions on a value that can have any type, all of which must hold. A value of another type counts as missing.',
});

/** A filter for an attribute of a user, or a property of an event. */
export const attributeFilter = z.strictObject({ key: attributeKey, ...attributeTests }).meta({
  id: 'AttributeFilter',
  description:
    'Conditions on the attribute with a key, all of which must hold. A value of another type counts as missing.',
});

const deviceCondition = z
  .strictObject({
    platform: notNull(z.enum(devicePlatforms)),
    lastSeenAt: notNull(dateTimeFilter),
  })
  .meta({ id: 'DeviceCondition', description: 'Conditions on a device, all of which must hold for the same device.' });

/** @param id how the API represents the id of a list. */
const listCondition = <Id extends z.ZodType<string, string>>(id: Id) =>
  z.strictObject({ listIds: notNull(z.array(id)), subscribed: flag, joinedAt: notNull(dateTimeFilter) }).meta({
    id: 'ListMembershipCondition',
    description: 'Conditions on a membership in a list, all of which must hold for the same membership.',
  });

/** @param id how the API represents the id of a segment. */
const segmentCondition = <Id extends z.ZodType<string, string>>(id: Id) =>
  z.strictObject({ segmentIds: notNull(z.array(id)), suppressed: flag }).meta({
    id: 'SegmentMembershipCondition',
    description: 'Conditions on a membership in a segment, all of which must hold for the same membership.',
  });

const someOrNone = <Condition extends z.ZodType>(name: string, condition: Condition) =>
  z.strictObject({ some: notNull(condition), none: notNull(condition) }).meta({ id: name });

const eventCondition = z
  .strictObject({
    name: stringFilter,
    count: notNull(countFilter),
    within: notNull(duration),
    since: notNull(instant),
    until: notNull(instant),
    value: notNull(valueFilter),
    properties: notNull(z.array(attributeFilter)),
  })
  .meta({
    id: 'EventCondition',
    description:
      "A condition on the number of a user's events that satisfy all further conditions; at least one by default.",
  });

/** How an API represents ids. */
interface Ids {
  list: z.ZodType<string, string>;
  segment: z.ZodType<string, string>;
}

const conditions = ({ list, segment }: Ids) => ({
  uid: notNull(stringFilter),
  email: notNull(stringFilter),
  number: notNull(stringFilter),
  firstName: notNull(stringFilter),
  lastName: notNull(stringFilter),
  isAccount: notNull(booleanFilter),
  uidUpdateable: notNull(booleanFilter),
  timeZone: notNull(stringFilter),
  appVersion: notNull(stringFilter),
  appBuild: notNull(stringFilter),
  appLastActiveAt: notNull(dateTimeFilter),
  createdAt: notNull(dateTimeFilter),
  updatedAt: notNull(dateTimeFilter),
  meta: notNull(z.array(attributeFilter)),
  devices: notNull(someOrNone('DeviceFilter', deviceCondition)),
  lists: notNull(someOrNone('ListMembershipFilter', listCondition(list))),
  segments: notNull(someOrNone('SegmentMembershipFilter', segmentCondition(segment))),
  events: notNull(z.array(eventCondition)),
});

type Conditions = { [Name in keyof ReturnType<typeof conditions>]: z.input<ReturnType<typeof conditions>[Name]> };

/** A filter for users: all of its conditions must hold. */
export interface UserFilter extends Partial<Conditions> {
  and?: UserFilter[] | null | undefined;
  or?: UserFilter[] | null | undefined;
  not?: UserFilter | null | undefined;
}

/** The schema of a filter for users. */
export function userFilter(ids: Ids): z.ZodType<UserFilter> {
  const filter: z.ZodType<UserFilter> = z
    .strictObject({
      get and() {
        return notNull(z.array(filter));
      },
      get or() {
        return notNull(z.array(filter));
      },
      get not() {
        return notNull(filter);
      },
      ...conditions(ids),
    })
    .meta({
      id: 'UserFilter',
      description:
        'A filter for users: all conditions that are set must hold, so an empty filter matches everybody. Null is rejected.',
    });
  return filter;
}

export type StringFilter = z.input<typeof stringFilter>;
export type NumberFilter = z.input<typeof numberFilter>;
export type BooleanFilter = z.input<typeof booleanFilter>;
export type DateTimeFilter = z.input<typeof dateTimeFilter>;
export type CountFilter = z.input<typeof countFilter>;
/** The conditions on the value of an attribute or of an event. */
export type ValueFilter = z.input<typeof valueFilter>;
export type AttributeFilter = z.input<typeof attributeFilter>;
export type DeviceCondition = z.input<typeof deviceCondition>;
export type ListCondition = z.input<ReturnType<typeof listCondition>>;
export type SegmentCondition = z.input<ReturnType<typeof segmentCondition>>;
export type EventCondition = z.input<typeof eventCondition>;

/** The scopes that fields of a filter require in addition to `users:read`: the users that match reveal what a filter compares. */
export const conditionScopes = {
  lists: 'lists:read',
  segments: 'segments:read',
  events: 'events:read',
} as const satisfies Partial<Record<keyof UserFilter, Scope>>;

const scopedFields = Object.keys(conditionScopes) as (keyof typeof conditionScopes)[];

/** The scopes that a filter requires, by the name of the field, whatever its value. */
export function scopesOfFilter(filter: UserFilter): Map<string, Scope> {
  const own = scopedFields.filter((name) => filter[name] != null).map((name) => [name, conditionScopes[name]] as const);
  const nested = [...(filter.and ?? []), ...(filter.or ?? []), ...(filter.not == null ? [] : [filter.not])];
  return new Map([...own, ...nested.flatMap((part) => [...scopesOfFilter(part)])]);
}
