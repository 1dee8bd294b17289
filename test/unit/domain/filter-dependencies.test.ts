import { expect, it } from 'vitest';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';

const isTimed = (filter: UserFilter) =>
  toCondition(filter)
    .dependencies()
    .some(({ kind }) => kind === 'time');

const timed: UserFilter[] = [
  { createdAt: { within: 'P1D' } },
  { meta: [{ key: 'paidAt', dateTime: { before: 'P1D' } }] },
  { devices: { none: { lastSeenAt: { within: 'P1D' } } } },
  { events: [{ name: { eq: 'Paid' }, within: 'P1D' }] },
  { events: [{ name: { eq: 'Paid' }, properties: [{ key: 'due', dateTime: { within: 'P1D' } }] }] },
  { not: { or: [{ uid: { eq: 'u1' } }, { lists: { some: { joinedAt: { before: 'P1D' } } } }] } },
];

it.each(timed)('%j depends on time', (filter) => expect(isTimed(filter)).toBe(true));

it.each<UserFilter>([{}, { createdAt: { gt: new Date() } }, { events: [{ name: { eq: 'Paid' }, since: new Date() }] }])(
  '%j does not depend on time',
  (filter) => expect(isTimed(filter)).toBe(false),
);

it('depends on the fields, attributes, lists and events that it names', () => {
  const filter: UserFilter = {
    email: { isNull: false },
    meta: [{ key: 'plan', exists: true }],
    lists: { some: { listIds: ['a'] } },
    segments: { none: {} },
    events: [{ name: { eq: 'Paid' } }, { name: { in: ['Opened', 'Read'] } }, { name: { contains: 'x' } }],
  };
  expect(toCondition(filter).dependencies()).toEqual([
    { kind: 'field', field: 'email' },
    { kind: 'attribute', key: 'plan' },
    { kind: 'lists', ids: ['a'] },
    { kind: 'segments', ids: undefined },
    // In lower case, because conditions compare names case-insensitively.
    { kind: 'events', name: 'paid' },
    { kind: 'events', name: 'opened' },
    { kind: 'events', name: 'read' },
    { kind: 'events', name: undefined },
  ]);
});
