import { expect, it } from 'vitest';
import { newUser, type UserUpdate, userUpdate } from '../../../src/domain/users/inputs.ts';
import { type FieldDeclarations, profileFields, toPatch } from '../../../src/domain/users/profile-fields.ts';

/** Fields of the inputs that are written elsewhere: the key of the row, rows of other tables, and keys removed from `meta`. */
const otherFields = ['uid', 'newUid', 'device', 'listIds', 'idempotencyKey', 'removeMeta'];

it('declares a column for every profile field of the inputs', () => {
  const fields = new Set([...Object.keys(newUser.shape), ...Object.keys(userUpdate.shape)]);
  expect(
    Object.keys(profileFields).sort(),
    'A new field of the zod schemas needs a declaration in src/domain/users/profile-fields.ts.',
  ).toEqual([...fields].filter((field) => !otherFields.includes(field)).sort());
});

it('does not compile with a field that has no column', () => {
  type FieldWithNickname = keyof typeof profileFields | 'nickname';
  // @ts-expect-error: `nickname` has no declaration.
  const declarations: FieldDeclarations<FieldWithNickname> = profileFields;
  expect(Object.keys(declarations)).not.toContain('nickname');
});

it('includes every sent field in the patch of an update', () => {
  const input = {
    firstName: 'Ada',
    lastName: 'Lovelace',
    number: '+2348012345678',
    email: 'ada@example.com',
    isAccount: true,
    timeZone: 'Africa/Lagos',
    appVersion: '3.1.0',
    appBuild: '3001',
    appLastActiveAt: new Date('2026-01-12T05:24:39.062Z'),
    createdAt: new Date('2021-01-12T05:24:39.062Z'),
    meta: { plan: 'pro' },
    newUid: 'ada',
    removeMeta: ['age'],
  } satisfies Omit<UserUpdate, 'uid'>;
  expect(toPatch({ uid: 'u1', device: { token: 't1', platform: 'ios' }, ...input })).toEqual(input);
});

it('omits from the patch what is omitted from the update, and null where it clears nothing', () => {
  const profile = { firstName: null, lastName: null, number: null, email: null, meta: null };
  const app = { isAccount: null, timeZone: null, appVersion: null, appBuild: null, appLastActiveAt: null };
  const cleared = { ...profile, ...app };
  expect(toPatch({ uid: 'u1', ...cleared, createdAt: null, newUid: null, removeMeta: null })).toEqual(cleared);
  expect(toPatch({ uid: 'u1', firstName: undefined })).toEqual({});
});
