import { z } from 'zod';
import { devicePlatforms } from '../../devices/device.ts';
import { duration } from '../../filter/duration.ts';
import {
  attributeFilter,
  booleanFilter,
  dateTimeFilter,
  flag,
  order,
  stringFilter,
  valueFilter,
} from '../../filter/input.ts';
import { instant } from '../../shared/instant.ts';
import type { Scope } from '../../shared/scopes.ts';
import { notNull } from '../../shared/validation.ts';

// The filter for users as both APIs receive it, with the rules of `domain/filter/input.ts`.

/** The most events that a condition can count. */
const MAX_EVENT_COUNT = 10_000;

const eventCount = z.int().min(0).max(MAX_EVENT_COUNT);

const countFilter = z
  .strictObject({ eq: notNull(eventCount), ...order(eventCount) })
  .meta({ id: 'CountFilter', description: 'Conditions on a number of events, all of which must hold.' });

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
        'A filter for users: all conditions that are set must hold, so an empty filter matches all users. Null is rejected.',
    });
  return filter;
}

export type CountFilter = z.input<typeof countFilter>;
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
