import { expect, it } from 'vitest';
import { canonicalNewEvent } from '../../../src/domain/events/add.ts';
import { inputDigests } from '../../../src/domain/idempotency/digest.ts';
import { canonicalNewUser } from '../../../src/domain/users/create.ts';

const user = {
  uid: 'u144',
  firstName: 'Ada “A”',
  lastName: null,
  number: '+2348012345678',
  email: 'ada@example.com',
  device: { token: 't1', platform: 'ios' as const },
  meta: { plan: 'pro', age: 34.5, é: true, 10: 'a', 9: 'b' },
  createdAt: new Date('2021-01-12T05:24:39.062Z'),
  listIds: ['b', 'a', 'b'],
};

const event = {
  uid: 'u144',
  name: 'Paid',
  value: 49.99,
  properties: { z: 1, a: -0, big: 1e21 },
  timestamp: new Date('0001-01-01T00:00:00.000Z'),
};

const hex = (digests: Buffer[]) => digests.map((digest) => digest.toString('hex'));

// A stored digest is compared for 24 hours, also by the next release. If one of these values changes, increment the version
// and accept the former digests (src/domain/idempotency/digest.ts).
const USER = '750a41f888d93c496b6dd855a33af4efef797953ccefb6153ea6a71364a38ed4';
const EVENT = '79d9e409ad2cb6b2851ee665a4041e37241901ce4633a0609a44fa366c4f6570';

it('stores the version and a SHA-256, and accepts the SHA-256 alone, as former releases stored it', () => {
  expect(hex(inputDigests(canonicalNewUser(user)))).toEqual([`01${USER}`, USER]);
  expect(hex(inputDigests(canonicalNewEvent(event)))).toEqual([`01${EVENT}`, EVENT]);
});

it('is the same for equivalent inputs', () => {
  const digest = inputDigests(canonicalNewUser(user));
  const { lastName: _, meta, ...others } = user;
  const reordered = { meta: Object.fromEntries(Object.entries(meta).toReversed()), ...others, listIds: ['a', 'b'] };
  expect(inputDigests(canonicalNewUser(reordered))).toEqual(digest);
  const empty = { uid: 'u144', name: 'Paid' };
  expect(inputDigests(canonicalNewEvent({ ...empty, value: null, properties: {}, timestamp: null }))).toEqual(
    inputDigests(canonicalNewEvent(empty)),
  );
});

it.each([
  ['firstName', null],
  ['number', '+2348012345679'],
  ['device', { token: 't1', platform: 'android' as const }],
  ['meta', { plan: 'pro' }],
  ['createdAt', new Date('2021-01-12T05:24:39.063Z')],
  ['listIds', ['a']],
] as const)('is another one for another %s', (field, value) => {
  const changed = { ...user, [field]: value };
  expect(inputDigests(canonicalNewUser(changed))).not.toEqual(inputDigests(canonicalNewUser(user)));
});

it('distinguishes a number from its text, and false, 0 and an empty text from an omitted field', () => {
  const inputs = [{}, { value: 0 }, { value: '0' }, { value: false }, { value: '' }];
  const digests = inputs.map((input) => hex(inputDigests(canonicalNewEvent({ uid: 'u1', name: 'n', ...input })))[0]);
  expect(new Set(digests).size).toBe(inputs.length);
});
