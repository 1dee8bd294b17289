import { afterAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser } from '../../kit/factories.ts';
import { CreateUser, IdentifyUser, UpdateUser } from '../../kit/operations/users.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

const fields = {
  isAccount: true,
  timeZone: 'Africa/Lagos',
  appVersion: '3.1.0',
  appBuild: '3001',
  appLastActiveAt: '2026-11-27T08:51:14.123Z',
};
const cleared = { isAccount: false, timeZone: null, appVersion: null, appBuild: null, appLastActiveAt: null };
const nulls = { ...cleared, isAccount: null };

const update = async (input: object) => (await app.run(UpdateUser, { input: { uid: 'u1', ...input } })).updateUser;

describe('the fields of accounts and apps', () => {
  it('are created', async () => {
    expect(await app.run(CreateUser, { input: { uid: 'all', ...fields } })).toMatchObject({
      createUser: { user: fields },
    });
    expect(await app.run(CreateUser, { input: { uid: 'none' } })).toMatchObject({ createUser: { user: cleared } });
    expect(await app.run(CreateUser, { input: { uid: 'nulls', ...nulls } })).toMatchObject({
      createUser: { user: cleared },
    });
  });

  it('are updated, kept if omitted, and cleared with null', async () => {
    expect(await update(fields)).toMatchObject({ created: true, user: fields });
    expect(await update({ firstName: 'Ada' })).toMatchObject({ created: false, user: fields });
    expect(await update({ isAccount: false })).toMatchObject({ user: { ...fields, isAccount: false } });
    expect(await update(nulls)).toMatchObject({ user: cleared });
    expect(await update(fields)).toMatchObject({ created: false, user: fields });
  });

  it('are rejected all at once if they are invalid', async () => {
    const invalid = { timeZone: '+01:00', appVersion: 'x'.repeat(65), appBuild: 'a\nb' };
    expect(await update(invalid)).toMatchObject({
      issues: [
        { path: ['timeZone'], code: 'INVALID_TIME_ZONE' },
        { path: ['appVersion'], code: 'TOO_LONG' },
        { path: ['appBuild'], code: 'INVALID_CHARACTER' },
      ],
    });
  });
});

describe('updateUser with listIds', () => {
  it('subscribes in addition to other lists, and subscribes again who has unsubscribed', async () => {
    const [kept, left, joined] = [await addList(app), await addList(app), await addList(app)];
    const user = await addUser(app);
    await addToList(app, kept, user);
    await addToList(app, left, user, false);
    expect(await update({ uid: user.uid, listIds: [left.globalId, joined.globalId] })).toMatchObject({
      user: { lists: [joined, left, kept].map(({ globalId: id }) => ({ subscribed: true, list: { id } })) },
    });
  });

  it('changes nothing if a list does not exist or belongs to another workspace', async () => {
    const foreign = await addList({ ...app, ...app.stranger });
    const missing = encodeGlobalId('List', '01932f5e-0000-7000-8000-000000000000');
    for (const id of [foreign.globalId, missing]) {
      expect(await update({ uid: 'nolist', listIds: [id] })).toMatchObject({ code: 'NOT_FOUND', resource: 'List' });
    }
    expect(await app.db.user.count({ where: { uid: 'nolist' } })).toBe(0);
  });

  it('requires lists:write', async () => {
    const { globalId } = await addList(app);
    const input = { uid: 'visitor', listIds: [globalId] };
    expect(await app.run(IdentifyUser, { input }, app.publicKey)).toMatchObject({
      updateUser: { __typename: 'ForbiddenError', requiredScope: 'lists:write' },
    });
    expect(await app.run(IdentifyUser, { input: { uid: 'visitor', listIds: [] } }, app.publicKey)).toMatchObject({
      updateUser: { created: true },
    });
  });
});
