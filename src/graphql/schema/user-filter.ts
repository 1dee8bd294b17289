import type { InputRef } from '@pothos/core';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import type { OrderedSource } from '../../db/reading/ordered/source.ts';
import {
  attributeLimits,
  MAX_FILTER_TEXT_LENGTH,
  MAX_SEARCH_LENGTH,
  MAX_SEARCH_WORDS,
} from '../../domain/shared/limits.ts';
import { conditionScopes, type UserFilter, userFilter } from '../../domain/users/filter/input.ts';
import { userOrder } from '../../domain/users/order.ts';
import { canonicalUserQuery, type UserQuery } from '../../domain/users/query.ts';
import { parseSearch, userSearch } from '../../domain/users/search.ts';
import { builder, type Types } from './builder.ts';
import { DevicePlatformType } from './device-platform.ts';
import { globalId } from './global-id.ts';
import { UserOrderInput } from './user-order.ts';

const CASE = 'Case is ignored unless `caseSensitive` is true.';

const StringFilter = builder.inputType('StringFilter', {
  description: `Conditions on a text, all of which must hold. ${CASE} A user who lacks the text satisfies none of them except
\`isNull: true\`. A text has at most ${MAX_FILTER_TEXT_LENGTH.toLocaleString('en-US')} characters.`,
  fields: (t) => ({
    eq: t.string({ description: 'The text is this one.' }),
    ne: t.string({ description: 'There is a text, and it is not this one.' }),
    in: t.stringList({ description: 'The text is one of these. An empty list matches no users.' }),
    notIn: t.stringList({ description: 'There is a text, and it is none of these.' }),
    contains: t.string({ description: 'The text contains this one.' }),
    startsWith: t.string({ description: 'The text starts with this one.' }),
    endsWith: t.string({ description: 'The text ends with this one.' }),
    isNull: t.boolean({ description: 'Whether there is no text.' }),
    caseSensitive: t.boolean({ description: 'Whether the conditions distinguish case. Defaults to false.' }),
  }),
});

const NumberFilter = builder.inputType('NumberFilter', {
  description: 'Conditions on a number, all of which must hold. Values of another type satisfy none of them.',
  fields: (t) => ({
    eq: t.float({ description: 'The number is equal to this one.' }),
    ne: t.float({ description: 'There is a number, and it is not equal to this one.' }),
    in: t.floatList({ description: 'The number is one of these. An empty list matches no users.' }),
    notIn: t.floatList({ description: 'There is a number, and it is none of these.' }),
    lt: t.float({ description: 'The number is less than this one.' }),
    lte: t.float({ description: 'The number is less than or equal to this one.' }),
    gt: t.float({ description: 'The number is greater than this one.' }),
    gte: t.float({ description: 'The number is greater than or equal to this one.' }),
  }),
});

const BooleanFilter = builder.inputType('BooleanFilter', {
  description: 'Conditions on a boolean, all of which must hold.',
  fields: (t) => ({
    eq: t.boolean({ description: 'The value is this one.' }),
    isNull: t.boolean({ description: 'Whether there is no boolean.' }),
  }),
});

const DateTimeFilter = builder.inputType('DateTimeFilter', {
  description: `Conditions on a point in time, all of which must hold. \`within\` and \`before\` are relative to the start of the operation. A user
who lacks the value satisfies none of them except \`isNull: true\`.`,
  fields: (t) => ({
    eq: t.field({ type: 'DateTime', description: 'At exactly this time.' }),
    ne: t.field({ type: 'DateTime', description: 'At another time.' }),
    lt: t.field({ type: 'DateTime', description: 'Before this time.' }),
    lte: t.field({ type: 'DateTime', description: 'At or before this time.' }),
    gt: t.field({ type: 'DateTime', description: 'After this time.' }),
    gte: t.field({ type: 'DateTime', description: 'At or after this time.' }),
    isNull: t.boolean({ description: 'Whether there is no value.' }),
    within: t.field({
      type: 'Duration',
      description: 'Less than this long ago; not in the future. `P30D`: in the last 30 days.',
    }),
    before: t.field({ type: 'Duration', description: 'At least this long ago. `P365D`: a year ago or earlier.' }),
  }),
});

const CountFilter = builder.inputType('CountFilter', {
  description: 'Conditions on a number of events, from 0 to 10,000, all of which must hold.',
  fields: (t) => ({
    eq: t.int({ description: 'Exactly this many. 0: never.' }),
    lt: t.int({ description: 'Fewer than this many.' }),
    lte: t.int({ description: 'At most this many.' }),
    gt: t.int({ description: 'More than this many.' }),
    gte: t.int({ description: 'At least this many.' }),
  }),
});

/** The conditions on a value that can have any type. */
const valueConditions = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>, exists: string) => ({
  string: t.field({ type: StringFilter, description: 'The value is a string that satisfies these conditions.' }),
  number: t.field({ type: NumberFilter, description: 'The value is a number that satisfies these conditions.' }),
  boolean: t.field({ type: BooleanFilter, description: 'The value is a boolean that satisfies these conditions.' }),
  dateTime: t.field({
    type: DateTimeFilter,
    description:
      'The value is a string with a date, or a point in time in UTC such as `2021-01-12T05:24:39Z`, that satisfies these conditions.',
  }),
  exists: t.boolean({ description: exists }),
});

export const ValueFilter = builder.inputType('ValueFilter', {
  description:
    'Conditions on a value that can have any type, all of which must hold. A value of another type counts as missing.',
  fields: (t) => valueConditions(t, 'Whether there is a value, of any type.'),
});

/** A filter for an attribute of a user, or a property of an event. */
export const AttributeFilter = builder.inputType('AttributeFilter', {
  description:
    'Conditions on the attribute with a key, all of which must hold. A value of another type counts as missing.',
  fields: (t) => ({
    key: t.string({
      required: true,
      description: `The key of the attribute: 1 to ${attributeLimits.keyLength} characters. Keys distinguish case.`,
    }),
    ...valueConditions(t, 'Whether there is such an attribute, with a value of any type.'),
  }),
});

/** Defines a filter on the rows that a user has in another table. @param rows and @param row what they are called. */
const someOrNone = <Condition>(name: string, condition: InputRef<Condition>, rows: string, row: string) =>
  builder.inputType(name, {
    description: `Conditions on the ${rows} of a user, all of which must hold.`,
    fields: (t) => ({
      some: t.field({ type: condition, description: `The user has a ${row} that satisfies these conditions.` }),
      none: t.field({ type: condition, description: `The user has no ${row} that satisfies these conditions.` }),
    }),
  });

const DeviceCondition = builder.inputType('DeviceCondition', {
  description: 'Conditions on a device, all of which must hold for the same device.',
  fields: (t) => ({
    platform: t.field({ type: DevicePlatformType, description: 'The operating system of the device.' }),
    lastSeenAt: t.field({ type: DateTimeFilter, description: "When the device's token was last registered." }),
  }),
});

const DeviceFilter = someOrNone('DeviceFilter', DeviceCondition, 'devices', 'device');

const ListMembershipCondition = builder.inputType('ListMembershipCondition', {
  description: 'Conditions on a membership in a list, all of which must hold for the same membership.',
  fields: (t) => ({
    listIds: t.idList({
      description: 'The membership is in one of these lists, by global id. An empty list matches none.',
    }),
    subscribed: t.boolean({ description: 'Whether the member is subscribed.' }),
    joinedAt: t.field({ type: DateTimeFilter, description: 'When the user became a member.' }),
  }),
});

const ListMembershipFilter = someOrNone(
  'ListMembershipFilter',
  ListMembershipCondition,
  'list memberships',
  'membership',
);

const SegmentMembershipCondition = builder.inputType('SegmentMembershipCondition', {
  description: 'Conditions on a membership in a segment, all of which must hold for the same membership.',
  fields: (t) => ({
    segmentIds: t.idList({
      description: 'The membership is in one of these segments, by global id. An empty list matches none.',
    }),
    suppressed: t.boolean({ description: 'Whether the member receives no broadcasts.' }),
  }),
});

const SegmentMembershipFilter = someOrNone(
  'SegmentMembershipFilter',
  SegmentMembershipCondition,
  'segment memberships',
  'membership',
);

const EventCondition = builder.inputType('EventCondition', {
  description: `A condition on the number of a user's events that have a name, and satisfy all further conditions. Example: at least three
purchases of more than 100 in the last 30 days.`,
  fields: (t) => ({
    name: t.field({ type: StringFilter, required: true, description: "The event's name." }),
    count: t.field({ type: CountFilter, description: 'How many such events the user has. Defaults to at least one.' }),
    within: t.field({
      type: 'Duration',
      description: 'Counts events less than this long ago, and none in the future.',
    }),
    since: t.field({ type: 'DateTime', description: 'Counts events at or after this time.' }),
    until: t.field({ type: 'DateTime', description: 'Counts events before this time.' }),
    value: t.field({ type: ValueFilter, description: "The event's value." }),
    properties: t.field({
      type: [AttributeFilter],
      description: "The event's properties, all of which must satisfy their conditions.",
    }),
  }),
});

/** A filter for users, nested with `and`, `or` and `not`. */
export const UserFilterInput = builder.inputRef<UserFilter>('UserFilter').implement({
  description: `A filter for users: all conditions that are set must hold, so an empty filter matches all users. A condition holds or does not
hold, and a missing value satisfies no comparison: a user without a plan is matched by \`not: { meta: [{ key: "plan", string: { eq:
"pro" } }] }\`. Null is rejected; use \`isNull\`.`,
  fields: (t) => ({
    and: t.field({
      type: [UserFilterInput],
      description: 'All of these filters match. An empty list matches all users.',
    }),
    or: t.field({
      type: [UserFilterInput],
      description: 'At least one of these filters matches. An empty list matches no users.',
    }),
    not: t.field({ type: UserFilterInput, description: 'This filter does not match.' }),
    uid: t.field({ type: StringFilter, description: "The user's identifier in your application." }),
    email: t.field({ type: StringFilter, description: "The user's e-mail address." }),
    number: t.field({ type: StringFilter, description: "The user's phone number in E.164 format." }),
    firstName: t.field({ type: StringFilter, description: "The user's first name." }),
    lastName: t.field({ type: StringFilter, description: "The user's last name." }),
    isAccount: t.field({ type: BooleanFilter, description: 'Whether the user is an account instead of a person.' }),
    uidUpdateable: t.field({ type: BooleanFilter, description: 'Whether the uid can still be set.' }),
    timeZone: t.field({ type: StringFilter, description: "The user's time zone as an IANA name." }),
    appVersion: t.field({ type: StringFilter, description: 'The version of your app that the user has.' }),
    appBuild: t.field({ type: StringFilter, description: 'The build of your app that the user has.' }),
    appLastActiveAt: t.field({ type: DateTimeFilter, description: 'When the user last used your app.' }),
    createdAt: t.field({ type: DateTimeFilter, description: 'When the user signed up in your application.' }),
    updatedAt: t.field({ type: DateTimeFilter, description: 'When the user was last changed.' }),
    meta: t.field({
      type: [AttributeFilter],
      description: "The user's attributes, all of which must satisfy their conditions.",
    }),
    devices: t.field({ type: DeviceFilter, description: "The user's devices." }),
    lists: t.field({
      type: ListMembershipFilter,
      description: "The user's list memberships.",
      requiresScopes: [conditionScopes.lists],
    }),
    segments: t.field({
      type: SegmentMembershipFilter,
      description: "The user's segment memberships.",
      requiresScopes: [conditionScopes.segments],
    }),
    events: t.field({
      type: [EventCondition],
      description: "Conditions on the user's events, all of which must hold.",
      requiresScopes: [conditionScopes.events],
    }),
  }),
});

/** The schema of a filter, with global ids. */
export const userFilterSchema = userFilter({ list: globalId('List'), segment: globalId('Segment') });

/** The arguments of connections of users. */
export const userQueryArguments = builder.args((arg) => ({
  where: arg.field({
    type: UserFilterInput,
    description: 'Returns only the users that match this filter.',
    validate: userFilterSchema.nullish(),
  }),
  orderBy: arg.field({
    type: UserOrderInput,
    description: 'The order of the users; newest first by default.',
    validate: userOrder.nullish(),
  }),
  search: arg.string({
    description: `Returns only users for whom each word of this text is the beginning of a word of their names, uid or e-mail address, or digits of
their phone number, without differences of case and accents. At most ${MAX_SEARCH_LENGTH} characters and ${MAX_SEARCH_WORDS} words. Without \`orderBy\`, users who
have all of the words as whole words come first. A text without letters and digits matches all users.`,
    validate: userSearch.nullish(),
  }),
}));

/** How a connection reads its users. */
interface UserSources<Row> {
  /** All of them: pages of several parents are read with one statement. */
  all(): KeysetSource<Row>;
  matching(query: UserQuery): OrderedSource<Row>;
}

/** The source and the query of a connection with `userQueryArguments`. */
export function filteredUsers<Row>(query: UserQuery, { all, matching }: UserSources<Row>) {
  const { where, orderBy, search } = query;
  if (where == null && orderBy == null && !parseSearch(search)) return { source: all(), query: null };
  return { source: matching(query), query: canonicalUserQuery(query) };
}
