import type { UserFilter } from '../../src/domain/users/filter/input.ts';
import type { UserOrder } from '../../src/domain/users/order.ts';
import { listId } from './fill.ts';
import {
  attribute,
  attributeIs,
  bought,
  byWords,
  did,
  doneAtLeast,
  either,
  event,
  folded,
  hasProperty,
  hasToken,
  inLast,
  inRange,
  isMember,
  listed,
  memberOf,
  orderedBy,
  orderedByAttribute,
  users,
  withCommonWords,
} from './question-parts.ts';

/** A question about users, with the best SQL that answers it. */
export interface Question {
  name: string;
  where?: UserFilter;
  orderBy?: UserOrder;
  search?: string;
  /** Whether the users have the words of the search as whole words, which come first, or others that begin with them. */
  matches?: 'first' | 'rest';
  /**
   * FROM and what follows of the hand-written statement, for users `u` of the workspace `$1`. `{after x}` is replaced by nothing on
   * the first page, and by the condition that `x` is beyond the cursor on a page far in; `{after x|id}` if the id is not `u.id`.
   */
  sql: string;
  /** The target for the 95th percentile of the first page, in ms. */
  target: number;
}

/** What is served by an index, unless stated otherwise. */
const FAST = 50;
/** Contains, and text of attributes. */
const TEXT = 150;
/** What no index serves. */
const UNSERVED = 800;

export const questions: readonly Question[] = [
  { name: 'uid =', where: { uid: { eq: 'U4321' } }, sql: users(`${folded('uid')} = 'u4321'`), target: FAST },
  {
    name: 'e-mail =, nobody',
    where: { email: { eq: 'nobody@nowhere.example' } },
    sql: users(`${folded('email')} = 'nobody@nowhere.example'`),
    target: FAST,
  },
  {
    name: 'first name =, 29 %',
    where: { firstName: { eq: 'ADA' } },
    sql: users(`${folded('first_name')} = 'ada'`),
    target: FAST,
  },
  {
    name: 'last name =, rare',
    where: { lastName: { eq: 'Jojojo' } },
    sql: users(`${folded('last_name')} = 'jojojo'`),
    target: FAST,
  },
  { name: 'number =, nobody', where: { number: { eq: '+1' } }, sql: users(`${folded('number')} = '+1'`), target: FAST },
  {
    name: 'e-mail starts with, all',
    where: { email: { startsWith: 'user.' } },
    sql: users(`${folded('email')} LIKE 'user.%'`),
    target: FAST,
  },
  {
    name: 'e-mail starts with, rare',
    where: { email: { startsWith: 'User.jojo' } },
    sql: users(`${folded('email')} LIKE 'user.jojo%'`),
    target: FAST,
  },
  {
    name: 'last name starts with, 1 %',
    where: { lastName: { startsWith: 'wen' } },
    sql: users(`${folded('last_name')} LIKE 'wen%'`),
    target: FAST,
  },
  {
    name: 'e-mail contains, rare',
    where: { email: { contains: 'jojojo' } },
    sql: users(`${folded('email')} LIKE '%jojojo%'`),
    target: TEXT,
  },
  {
    name: 'first name contains, Cyrillic',
    where: { firstName: { contains: 'АНН' } },
    sql: users(`${folded('first_name')} LIKE '%анн%'`),
    target: TEXT,
  },
  {
    name: 'number contains, one user',
    where: { number: { contains: '0004321' } },
    sql: users(`${folded('number')} LIKE '%0004321%'`),
    target: TEXT,
  },
  {
    name: 'attribute =, 70 %',
    where: attributeIs('plan', 'FREE'),
    sql: users(`${attribute('plan')} = 'free'`),
    target: FAST,
  },
  {
    name: 'attribute =, 1 %',
    where: attributeIs('plan', 'business'),
    sql: users(hasToken('plan:"business"')),
    target: FAST,
  },
  {
    name: 'attribute =, one user',
    where: attributeIs('reference', 'R-C4CA4238A0'),
    sql: users(hasToken('reference:"r-c4ca4238a0"')),
    target: FAST,
  },
  {
    name: 'attribute =, nobody',
    where: attributeIs('plan', 'none'),
    sql: users(hasToken('plan:"none"')),
    target: FAST,
  },
  {
    name: 'attribute in, rare',
    where: { meta: [{ key: 'city', string: { in: ['Lagos 99', 'lyon 98', 'Москва 97'] } }] },
    sql: users(hasToken('city:"lagos 99"', 'city:"lyon 98"', 'city:"москва 97"')),
    target: FAST,
  },
  {
    name: 'attribute number =',
    where: { meta: [{ key: 'age', number: { eq: 44 } }] },
    sql: users(`u.meta->'age' = '44'`),
    target: FAST,
  },
  {
    name: 'attribute boolean =',
    where: { meta: [{ key: 'newsletter', boolean: { eq: true } }] },
    sql: users(`u.meta->'newsletter' = 'true'`),
    target: FAST,
  },
  {
    name: 'attribute exists, 1 of 10,000',
    where: { meta: [{ key: 'beta', exists: true }] },
    sql: users(`attribute_tokens(u.meta) && ARRAY[hashtextextended('beta', 0)]`),
    target: FAST,
  },
  {
    name: 'attribute exists, nobody',
    where: { meta: [{ key: 'gamma', exists: true }] },
    sql: users(`attribute_tokens(u.meta) && ARRAY[hashtextextended('gamma', 0)]`),
    target: FAST,
  },
  {
    name: 'attribute contains, rare',
    where: { meta: [{ key: 'reference', string: { contains: 'c4ca42' } }] },
    sql: users(`${attribute('reference')} LIKE '%c4ca42%'`),
    target: TEXT,
  },
  {
    name: 'attribute starts with, nobody',
    where: { meta: [{ key: 'company', string: { startsWith: 'nobody works' } }] },
    sql: users(`${attribute('company')} LIKE 'nobody works%'`),
    target: TEXT,
  },
  {
    name: 'attribute contains, of other keys only',
    where: { meta: [{ key: 'reference', string: { contains: 'free' } }] },
    sql: users(`${attribute('reference')} LIKE '%free%'`),
    target: TEXT,
  },
  {
    name: 'number range, half',
    where: { meta: [{ key: 'visits', number: { gte: 30 } }] },
    sql: users(`u.meta->'visits' >= '30'`),
    target: FAST,
  },
  {
    name: 'number range, nobody',
    where: { meta: [{ key: 'visits', number: { gt: 1000 } }] },
    sql: users(`u.meta->'visits' > '1000' AND u.meta->'visits' < 'false'`),
    target: UNSERVED,
  },
  ...(
    [
      ['half', { gte: 5000 }, '>= 5000'],
      ['rare', { gt: 9999.85 }, '> 9999.85'],
      ['nobody', { gt: 20_000 }, '> 20000'],
    ] as const
  ).map(([name, number, range]) => ({
    name: `declared number range, ${name}`,
    where: { meta: [{ key: 'score', number }] },
    sql: users(inRange('score', range)),
    target: FAST,
  })),
  {
    // The planner expects as many users as have a greater score.
    name: 'declared number range, nobody, unexpectedly',
    where: { meta: [{ key: 'age', number: { gt: 1000 } }] },
    sql: users(inRange('age', '> 1000')),
    target: FAST,
  },
  {
    name: 'declared number range, both bounds',
    where: { meta: [{ key: 'score', number: { gte: 10, lt: 10.5 } }] },
    sql: users(inRange('score', 'BETWEEN 10 AND 10.4')),
    target: FAST,
  },
  { name: 'list, 60 %', where: listed(1), sql: memberOf(1), target: FAST },
  { name: 'list, 5.5 %', where: listed(2), sql: memberOf(2), target: FAST },
  { name: 'list, 23 members', where: listed(3), sql: memberOf(3), target: FAST },
  {
    name: 'one of two lists',
    where: { lists: { some: { listIds: [listId(2), listId(3)] } } },
    sql: users(`${isMember(2, 3)}`),
    target: FAST,
  },
  {
    name: 'not in a list',
    where: { lists: { none: { listIds: [listId(1)] } } },
    sql: users(`NOT ${isMember(1)}`),
    target: FAST,
  },
  {
    name: 'segment, suppressed',
    where: { segments: { some: { segmentIds: [listId(2)], suppressed: false } } },
    sql: `FROM segment_memberships m JOIN users u ON u.workspace_id = $1 AND u.id = m.user_id
      WHERE m.workspace_id = $1 AND m.segment_id = '${listId(2)}' AND NOT m.suppressed {after m.user_id} ORDER BY m.user_id DESC LIMIT 31`,
    target: FAST,
  },
  { name: 'done, common', where: event('opened app'), sql: users(did('Opened app')), target: FAST },
  { name: 'done, 20 events', where: event('Cancelled'), sql: users(did('Cancelled')), target: FAST },
  { name: 'done, nobody', where: event('Nothing'), sql: users(did('Nothing')), target: FAST },
  { name: 'done in 7 days', where: event('Paid', undefined, 7), sql: users(did('Paid', inLast(7))), target: FAST },
  {
    name: 'at least 3 in 30 days, rare',
    where: event('Paid', 3, 30),
    sql: doneAtLeast(3, 'Paid', inLast(30)),
    target: FAST,
  },
  {
    name: 'at least 50 in 30 days, nobody',
    where: event('Paid', 50, 30),
    sql: doneAtLeast(50, 'Paid', inLast(30)),
    target: UNSERVED,
  },
  {
    name: 'at least 1,000 of the commonest, nobody',
    where: event('Opened app', 1000),
    sql: doneAtLeast(1000, 'Opened app'),
    target: UNSERVED,
  },
  {
    name: 'property of an event =, rare',
    where: bought('Refunded', 'c17'),
    sql: users(did('Refunded', hasProperty('product:"c17"'))),
    target: UNSERVED,
  },
  {
    name: 'property of a common event =, nobody',
    where: bought('Opened app', 'none'),
    sql: users(did('Opened app', hasProperty('product:"none"'))),
    target: UNSERVED,
  },
  {
    name: 'never done, common event',
    where: { not: event('Opened app') },
    sql: users(`NOT ${did('Opened app')}`),
    target: FAST,
  },
  {
    name: 'never done, rare event',
    where: { not: event('Cancelled') },
    sql: users(`NOT ${did('Cancelled')}`),
    target: FAST,
  },
  {
    name: 'done and attribute, both common',
    where: { and: [event('Paid'), attributeIs('plan', 'free')] },
    sql: users(`${did('Paid')} AND ${attribute('plan')} = 'free'`),
    target: FAST,
  },
  {
    name: 'done and attribute of one user',
    where: { and: [event('Opened app'), attributeIs('reference', 'R-c4ca4238a0')] },
    sql: users(`${did('Opened app')} AND ${hasToken('reference:"r-c4ca4238a0"')}`),
    target: FAST,
  },
  {
    name: 'large list and rare event',
    where: { and: [listed(1), event('Cancelled')] },
    sql: users(`${did('Cancelled')} AND ${isMember(1)}`),
    target: FAST,
  },
  {
    name: 'rare event or rare attribute',
    where: { or: [event('Cancelled'), attributeIs('reference', 'R-c4ca4238a0')] },
    sql: either(did('Cancelled'), hasToken('reference:"r-c4ca4238a0"')),
    target: FAST,
  },
  {
    name: 'small list or rare event or e-mail',
    where: { or: [listed(3), event('Cancelled'), { email: { startsWith: 'user.jojo' } }] },
    sql: either(`${isMember(3)}`, did('Cancelled'), `${folded('email')} LIKE 'user.jojo%'`),
    target: FAST,
  },
  {
    name: 'large list and (rare event or rare attribute)',
    where: { and: [listed(1), { or: [event('Cancelled'), attributeIs('reference', 'R-c4ca4238a0')] }] },
    sql: either(
      ...[did('Cancelled'), hasToken('reference:"r-c4ca4238a0"')].map((condition) => `${condition} AND ${isMember(1)}`),
    ),
    target: FAST,
  },
  {
    name: 'common event or common attribute',
    where: { or: [event('Paid'), attributeIs('plan', 'free')] },
    sql: either(did('Paid'), `${attribute('plan')} = 'free'`),
    target: FAST,
  },
  { name: 'search: rare word', search: 'jojojo', matches: 'first', sql: byWords('~jojojo'), target: FAST },
  { name: 'search: rare prefix', search: 'jojoj', matches: 'rest', sql: byWords('~jojoj:*'), target: FAST },
  { name: 'search: common word', search: 'ada', matches: 'first', sql: withCommonWords('~ada'), target: FAST },
  { name: 'search: common prefix', search: 'exam', matches: 'rest', sql: withCommonWords('~exam:*'), target: FAST },
  {
    name: 'search: two words, one common',
    search: 'Jojo ada',
    matches: 'rest',
    sql: byWords('~jojo:* & ~ada:*'),
    target: FAST,
  },
  {
    name: 'search: two common words',
    search: 'ngozi exam',
    matches: 'rest',
    sql: withCommonWords('~ngozi:* & ~exam:*'),
    target: FAST,
  },
  {
    name: 'search: digits of a number',
    search: '4321',
    matches: 'rest',
    sql: byWords('~#432 & ~#321', "AND u.number LIKE '%4321%'"),
    target: FAST,
  },
  { name: 'search: nobody', search: 'qqqq', matches: 'rest', sql: byWords('~qqqq:*'), target: FAST },
  { name: 'order: created', orderBy: { field: 'CREATED_AT' }, sql: orderedBy('u.created_at'), target: FAST },
  {
    name: 'order: updated, descending',
    orderBy: { field: 'UPDATED_AT', direction: 'DESC' },
    sql: orderedBy('u.updated_at', 'DESC'),
    target: UNSERVED,
  },
  { name: 'order: uid', orderBy: { field: 'UID' }, sql: orderedBy(folded('uid')), target: FAST },
  { name: 'order: e-mail', orderBy: { field: 'EMAIL' }, sql: orderedBy(folded('email')), target: FAST },
  { name: 'order: first name', orderBy: { field: 'FIRST_NAME' }, sql: orderedBy(folded('first_name')), target: FAST },
  {
    name: 'order: last event, descending',
    orderBy: { field: 'LAST_EVENT_AT', direction: 'DESC' },
    sql: `FROM user_activity a JOIN users u ON u.workspace_id = $1 AND u.id = a.user_id
      WHERE a.workspace_id = $1 AND a.last_event_at IS NOT NULL {after a.last_event_at|a.user_id} ORDER BY a.last_event_at DESC, a.user_id DESC LIMIT 31`,
    target: FAST,
  },
  {
    name: 'order: last event, without one first',
    orderBy: { field: 'LAST_EVENT_AT', nulls: 'FIRST' },
    sql: `FROM user_activity a JOIN users u ON u.workspace_id = $1 AND u.id = a.user_id
      WHERE a.workspace_id = $1 AND a.last_event_at IS NULL {after a.user_id} ORDER BY a.user_id LIMIT 31`,
    target: FAST,
  },
  { name: 'order: last name', orderBy: { field: 'LAST_NAME' }, sql: orderedBy(folded('last_name')), target: FAST },
  {
    name: 'order: declared number',
    orderBy: { attribute: { key: 'score', type: 'NUMBER' } },
    sql: orderedByAttribute('score', 'number_value'),
    target: FAST,
  },
  {
    name: 'order: declared text',
    orderBy: { attribute: { key: 'city', type: 'STRING' } },
    sql: orderedByAttribute('city', 'text_value'),
    target: FAST,
  },
];
