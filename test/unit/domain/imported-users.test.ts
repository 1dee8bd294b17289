import { expect, it } from 'vitest';
import { importedUser } from '../../../src/domain/transfer/write-users.ts';

it.each(['IOS', 'ios'])('takes the platform %s, as GraphQL or REST write it', (platform) => {
  const user = importedUser.parse({ uid: 'u1', device: { token: 'a', platform }, devices: [{ token: 'b', platform }] });
  expect([user.device?.platform, user.devices?.[0]?.platform]).toEqual(['ios', 'ios']);
});

it('takes ids of lists, or memberships', () => {
  const id = '0190a000-0000-7000-8000-000000000000';
  expect(importedUser.parse({ uid: 'u1', lists: [id] }).listIds).toEqual([id]);
  expect(importedUser.parse({ uid: 'u1', lists: [id, { id, subscribed: false }] }).memberships).toEqual([
    { id, subscribed: true },
    { id, subscribed: false },
  ]);
});
