import { expect, it } from 'vitest';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';

it.each<[UserFilter, string]>([
  [{ email: { eq: 'a@b' } }, 'e-mail address is "a@b"'],
  [{ email: { ne: 'a@b', caseSensitive: true } }, 'e-mail address is present and not "a@b" (case-sensitive)'],
  [{ email: { notIn: ['a'], caseSensitive: true } }, 'e-mail address is present and none of "a" (case-sensitive)'],
  [{ email: { contains: 'A', caseSensitive: true } }, 'e-mail address contains "A" (case-sensitive)'],
  [{ not: { meta: [{ key: 'age', number: { gte: 18 } }] } }, 'not age is at least 18'],
  [
    { or: [{ uid: { startsWith: 'u' } }, { isAccount: { eq: true } }] },
    '(uid starts with "u" or is an account is true)',
  ],
  [{ lists: { some: { listIds: [] } } }, 'has list one of none'],
  [{ devices: { none: {} } }, 'not has a device'],
  [{ events: [{ name: {} }] }, 'did at least 1 × an event'],
  [{ events: [{ name: {}, within: 'P30D' }] }, 'did at least 1 × an event with in the last 30 days'],
  [{ events: [{ name: { eq: 'Paid' }, count: { gte: 3 } }] }, 'did at least 3 × an event with name is "Paid"'],
  [{}, 'everybody'],
  [{ or: [] }, 'nobody'],
])('%j reads %s', (filter, phrase) => expect(toCondition(filter).phrase()).toBe(phrase));
