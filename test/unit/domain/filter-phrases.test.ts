import { describe, expect, it } from 'vitest';
import type { Wording } from '../../../src/domain/users/filter/condition.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';

const wording: Wording = { nameOf: (kind, id) => (id === 'unknown' ? undefined : `${kind} ${id}`) };

/** Conditions, with their phrases and those of their negations. */
const phrases: [UserFilter, string, string][] = [
  [{}, 'everybody', 'nobody'],
  [{ or: [] }, 'nobody', 'everybody'],
  [{ email: { eq: 'a@b' } }, 'e-mail address is "a@b"', 'e-mail address is not "a@b"'],
  [
    { email: { ne: 'a@b', caseSensitive: true } },
    'e-mail address is present and not "a@b" (case-sensitive)',
    'e-mail address is missing or "a@b" (case-sensitive)',
  ],
  [{ email: { notIn: ['a'] } }, 'e-mail address is present and none of "a"', 'e-mail address is missing or one of "a"'],
  [{ email: { in: ['a', 'b'] } }, 'e-mail address is one of "a", "b"', 'e-mail address is none of "a", "b"'],
  [{ email: { in: [] } }, 'e-mail address is one of nothing', 'e-mail address is none of nothing'],
  [{ email: { contains: 'A' } }, 'e-mail address contains "A"', 'e-mail address does not contain "A"'],
  [{ uid: { startsWith: 'u' } }, 'uid starts with "u"', 'uid does not start with "u"'],
  [{ uid: { endsWith: 'u' } }, 'uid ends with "u"', 'uid does not end with "u"'],
  [{ number: { isNull: true } }, 'phone number is missing', 'phone number is present'],
  [{ isAccount: { eq: true } }, 'is an account', 'is not an account'],
  [{ isAccount: { eq: false } }, 'is not an account', 'is an account'],
  [{ uidUpdateable: { eq: true } }, 'can still be given a uid', 'cannot be given another uid'],
  [{ meta: [{ key: 'age', number: { gte: 18 } }] }, 'age is at least 18', 'age is not at least 18'],
  [
    { meta: [{ key: 'x y', number: { ne: 18 } }] },
    '"x y" is a number other than 18',
    '"x y" is not a number other than 18',
  ],
  [
    { meta: [{ key: 'age', number: { notIn: [1, 2] } }] },
    'age is a number and none of 1, 2',
    'age is no number or one of 1, 2',
  ],
  [{ meta: [{ key: 'ok', boolean: { eq: true } }] }, 'ok is true', 'ok is not true'],
  [{ meta: [{ key: 'ok', exists: true }] }, 'ok is present', 'ok is missing'],
  [{ createdAt: { within: 'P30D' } }, 'sign-up is within the last 30 days', 'sign-up is not within the last 30 days'],
  [{ createdAt: { before: 'P1D' } }, 'sign-up is at least 1 day ago', 'sign-up is not at least 1 day ago'],
  [{ createdAt: { lt: new Date('2026-03-01') } }, 'sign-up is before 2026-03-01', 'sign-up is not before 2026-03-01'],
  [
    { createdAt: { gte: new Date('2026-03-01T10:30:00Z') } },
    'sign-up is at or after 2026-03-01T10:30:00Z',
    'sign-up is not at or after 2026-03-01T10:30:00Z',
  ],
  [{ devices: { some: {} } }, 'has a device', 'has no device'],
  [{ devices: { none: { platform: 'android' } } }, 'has no Android device', 'has an Android device'],
  [
    { devices: { some: { platform: 'ios', lastSeenAt: { within: 'P1D' } } } },
    'has an iOS device (last activity is within the last day)',
    'has no iOS device (last activity is within the last day)',
  ],
  [{ lists: { some: {} } }, 'is on a list', 'is not on any list'],
  [{ lists: { some: { listIds: ['News'] } } }, 'is on list "list News"', 'is not on list "list News"'],
  [{ lists: { some: { listIds: ['unknown'] } } }, 'is on list "unknown"', 'is not on list "unknown"'],
  [{ lists: { some: { listIds: [] } } }, 'is on one of no lists', 'is not on any of no lists'],
  [
    { lists: { some: { listIds: ['A', 'B'], subscribed: true } } },
    'is subscribed to one of the lists "list A", "list B"',
    'is not subscribed to any of the lists "list A", "list B"',
  ],
  [
    { lists: { none: { subscribed: false, joinedAt: { before: 'P1D' } } } },
    'has not unsubscribed from any list (date of joining is at least 1 day ago)',
    'has unsubscribed from a list (date of joining is at least 1 day ago)',
  ],
  [
    { segments: { some: { segmentIds: ['A'], suppressed: true } } },
    'is suppressed in segment "segment A"',
    'is not suppressed in segment "segment A"',
  ],
  [
    { segments: { some: { segmentIds: ['A'], suppressed: false } } },
    'is in segment "segment A" (not suppressed)',
    'is not in segment "segment A" (not suppressed)',
  ],
  [{ events: [{ name: {} }] }, 'did any event at least once', 'did not do any event'],
  [
    { events: [{ name: { eq: 'Paid' }, count: { gte: 3 }, within: 'P30D' }] },
    'did "Paid" at least 3 times in the last 30 days',
    'did "Paid" fewer than 3 times in the last 30 days',
  ],
  [{ events: [{ name: { eq: 'Paid' }, count: { eq: 0 } }] }, 'did not do "Paid"', 'did "Paid" at least once'],
  [{ events: [{ name: { eq: 'Paid' }, count: { lte: 1 } }] }, 'did "Paid" at most once', 'did "Paid" more than once'],
  [
    { events: [{ name: { in: ['Paid', 'Renewed'] }, count: { eq: 2 } }] },
    'did "Paid" or "Renewed" exactly 2 times',
    'did not do "Paid" or "Renewed" exactly 2 times',
  ],
  [
    { events: [{ name: { eq: 'Paid', caseSensitive: true }, count: { gt: 1, lt: 5 } }] },
    'did "Paid" (case-sensitive) 2 to 4 times',
    'did not do "Paid" (case-sensitive) 2 to 4 times',
  ],
  [{ events: [{ name: { eq: 'Paid' }, count: { gt: 3, lt: 2 } }] }, 'nobody', 'everybody'],
  [
    {
      events: [
        {
          name: { contains: 'pay', startsWith: 'p' },
          since: new Date('2026-01-01'),
          until: new Date('2026-02-01'),
          value: { number: { gt: 5 } },
          properties: [{ key: 'currency', string: { eq: 'EUR' } }],
        },
      ],
    },
    'did an event whose name contains "pay" and starts with "p" at least once since 2026-01-01 before 2026-02-01 (value is more than 5, currency is "EUR")',
    'did not do an event whose name contains "pay" and starts with "p" since 2026-01-01 before 2026-02-01 (value is more than 5, currency is "EUR")',
  ],
];

describe.each(phrases)('%j', (filter, phrase, negated) => {
  it('describes the condition', () => expect(toCondition(filter).phrase(wording)).toBe(phrase));
  it('describes the negation', () => expect(toCondition({ not: filter }).phrase(wording)).toBe(negated));
  it('describes the condition if it is negated twice', () =>
    expect(toCondition({ not: { not: filter } }).phrase(wording)).toBe(phrase));
});

const isUid = (uid: string): UserFilter => ({ uid: { eq: uid } });
const [a, b, c] = [isUid('a'), isUid('b'), isUid('c')];

it.each<[UserFilter, string]>([
  [{ and: [a, b] }, 'uid is "a" and uid is "b"'],
  [{ or: [a, b] }, 'uid is "a" or uid is "b"'],
  [{ and: [{ or: [a, b] }, c] }, '(uid is "a" or uid is "b") and uid is "c"'],
  [{ or: [{ and: [a, b] }, c] }, '(uid is "a" and uid is "b") or uid is "c"'],
  [{ and: [{ and: [a, b] }, c] }, 'uid is "a" and uid is "b" and uid is "c"'],
  [{ not: { or: [a, b] } }, 'not (uid is "a" or uid is "b")'],
  [{ and: [{ not: { or: [a, b] } }, c] }, 'not (uid is "a" or uid is "b") and uid is "c"'],
  [{ and: [{ or: [] }, c] }, 'nobody and uid is "c"'],
])('%j reads %s', (filter, phrase) => expect(toCondition(filter).phrase()).toBe(phrase));
