import { z } from 'zod';
import { devicePlatforms } from '../../devices/device.ts';
import { keyIssues } from '../../shared/attributes.ts';
import { instant } from '../../shared/instant.ts';
import { MAX_FILTER_TEXT_LENGTH } from '../../shared/limits.ts';
import { text } from '../../shared/text.ts';
import { notNull } from '../../shared/validation.ts';
import { duration } from './duration.ts';

// The filter as both APIs receive it. Conditions of one object are combined with AND, and an omitted one holds. Null is rejected,
// since it could mean that, or that a value is missing (`isNull`).

const operand = text(0, MAX_FILTER_TEXT_LENGTH);
const flag = notNull(z.boolean());

const stringFilter = z.strictObject({
  eq: notNull(operand),
  ne: notNull(operand),
  in: notNull(z.array(operand)),
  notIn: notNull(z.array(operand)),
  contains: notNull(operand),
  startsWith: notNull(operand),
  endsWith: notNull(operand),
  isNull: flag,
  caseSensitive: flag,
});

const numberOperand = z.number();

const numberFilter = z.strictObject({
  eq: notNull(numberOperand),
  ne: notNull(numberOperand),
  in: notNull(z.array(numberOperand)),
  notIn: notNull(z.array(numberOperand)),
  lt: notNull(numberOperand),
  lte: notNull(numberOperand),
  gt: notNull(numberOperand),
  gte: notNull(numberOperand),
});

const booleanFilter = z.strictObject({ eq: flag, isNull: flag });

const dateTimeFilter = z.strictObject({
  eq: notNull(instant),
  ne: notNull(instant),
  lt: notNull(instant),
  lte: notNull(instant),
  gt: notNull(instant),
  gte: notNull(instant),
  isNull: flag,
  within: notNull(duration),
  before: notNull(duration),
});

/** The most events that a condition can count. */
const MAX_EVENT_COUNT = 10_000;

const eventCount = notNull(z.int().min(0).max(MAX_EVENT_COUNT));

const countFilter = z.strictObject({
  eq: eventCount,
  lt: eventCount,
  lte: eventCount,
  gt: eventCount,
  gte: eventCount,
});

/** The conditions on a value whose type is not fixed. Each holds only for values of its type. */
const attributeTests = {
  string: notNull(stringFilter),
  number: notNull(numberFilter),
  boolean: notNull(booleanFilter),
  dateTime: notNull(dateTimeFilter),
  exists: flag,
};

const attributeKey = z.string().superRefine((key, context) => {
  for (const { code, message } of keyIssues(key)) {
    context.addIssue({
      code: 'custom',
      params: { code },
      message: message.replace('must have a key', 'must be a key'),
    });
  }
});

const valueFilter = z.strictObject(attributeTests);
const attributeFilter = z.strictObject({ key: attributeKey, ...attributeTests });

const deviceCondition = z.strictObject({
  platform: notNull(z.enum(devicePlatforms)),
  lastSeenAt: notNull(dateTimeFilter),
});

const listCondition = z.strictObject({
  listIds: notNull(z.array(z.uuid())),
  subscribed: flag,
  joinedAt: notNull(dateTimeFilter),
});

const segmentCondition = z.strictObject({ segmentIds: notNull(z.array(z.uuid())), suppressed: flag });

const someOrNone = <Condition extends z.ZodType>(condition: Condition) =>
  z.strictObject({ some: notNull(condition), none: notNull(condition) });

const eventCondition = z.strictObject({
  name: stringFilter,
  count: notNull(countFilter),
  within: notNull(duration),
  since: notNull(instant),
  until: notNull(instant),
  value: notNull(valueFilter),
  properties: notNull(z.array(attributeFilter)),
});

const conditions = {
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
  devices: notNull(someOrNone(deviceCondition)),
  lists: notNull(someOrNone(listCondition)),
  segments: notNull(someOrNone(segmentCondition)),
  events: notNull(z.array(eventCondition)),
};

const conditionsSchema = z.strictObject(conditions);

/** A filter for users: all of its conditions must hold. */
export interface UserFilter extends z.output<typeof conditionsSchema> {
  and?: UserFilter[] | null | undefined;
  or?: UserFilter[] | null | undefined;
  not?: UserFilter | null | undefined;
}

/** A filter for users. */
export const userFilter: z.ZodType<UserFilter> = z.strictObject({
  get and() {
    return notNull(z.array(userFilter));
  },
  get or() {
    return notNull(z.array(userFilter));
  },
  get not() {
    return notNull(userFilter);
  },
  ...conditions,
});

export type StringFilter = z.output<typeof stringFilter>;
export type NumberFilter = z.output<typeof numberFilter>;
export type BooleanFilter = z.output<typeof booleanFilter>;
export type DateTimeFilter = z.output<typeof dateTimeFilter>;
export type CountFilter = z.output<typeof countFilter>;
/** The conditions on the value of an attribute or of an event. */
export type ValueFilter = z.output<typeof valueFilter>;
export type AttributeFilter = z.output<typeof attributeFilter>;
export type DeviceCondition = z.output<typeof deviceCondition>;
export type ListCondition = z.output<typeof listCondition>;
export type SegmentCondition = z.output<typeof segmentCondition>;
export type EventCondition = z.output<typeof eventCondition>;
