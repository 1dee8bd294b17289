import { describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser, importUser } from '../../kit/factories.ts';
import { CreateUser, IdentifyUser, UpdateUser } from '../../kit/operations/users.ts';

const EMAIL = 'ada@example.com';

describe('newUid', () => {
  it('replaces the uid of a user created without one, together with the other fields', async () => {
    await using app = await startApp();
    const { globalId } = await importUser(app, EMAIL);
    expect(await app.run(UpdateUser, { input: { uid: EMAIL, newUid: 'ada-1', firstName: 'Ada' } })).toMatchObject({
      updateUser: {
        created: false,
        user: { id: globalId, uid: 'ada-1', uidUpdateable: false, firstName: 'Ada', email: EMAIL },
      },
    });
  });

  it('cannot be set twice', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL);
    await app.run(IdentifyUser, { input: { uid: EMAIL, newUid: 'ada' } });
    expect(await app.run(UpdateUser, { input: { uid: 'ada', newUid: 'ada2' } })).toMatchObject({
      updateUser: { __typename: 'UidNotUpdateableError', code: 'UID_NOT_UPDATEABLE', uid: 'ada' },
    });
  });

  it('is rejected for a user created with a uid, and no field is changed', async () => {
    await using app = await startApp();
    await app.run(CreateUser, { input: { uid: 'ada' } });
    const device = { token: 'token', platform: 'IOS' } as const;
    expect(await app.run(UpdateUser, { input: { uid: 'ada', newUid: 'b', firstName: 'Ada', device } })).toMatchObject({
      updateUser: { code: 'UID_NOT_UPDATEABLE', uid: 'ada' },
    });
    expect(await app.db.user.findMany()).toMatchObject([{ uid: 'ada', firstName: null }]);
    expect(await app.db.device.count()).toBe(0);
  });

  it('is rejected for an unknown uid, and no user is created', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL);
    expect(await app.run(UpdateUser, { input: { uid: 'x', newUid: 'ada', email: EMAIL } })).toMatchObject({
      updateUser: { code: 'UID_NOT_UPDATEABLE', uid: 'x' },
    });
    expect(await app.db.user.findMany()).toMatchObject([{ uid: EMAIL, uidUpdateable: true }]);
  });

  it('is rejected if another user has it', async () => {
    await using app = await startApp();
    await addUser(app, { uid: 'ada' });
    await importUser(app, EMAIL);
    expect(await app.run(UpdateUser, { input: { uid: EMAIL, newUid: 'ada', firstName: 'Ada' } })).toMatchObject({
      updateUser: { __typename: 'UidTakenError', code: 'UID_TAKEN', uid: 'ada' },
    });
    expect(await app.db.user.findMany({ where: { uid: EMAIL } })).toMatchObject([
      { uidUpdateable: true, firstName: null },
    ]);
  });

  it('requires full authentication', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL);
    expect(await app.run(IdentifyUser, { input: { uid: EMAIL, newUid: 'ada' } }, app.publicKey)).toMatchObject({
      updateUser: { code: 'FORBIDDEN', requiredScope: 'users:write' },
    });
    expect(await app.db.user.findMany()).toMatchObject([{ uid: EMAIL, uidUpdateable: true }]);
  });
});

describe('an unknown uid with an e-mail address', () => {
  it('is given to the one user with the address who was created without a uid', async () => {
    await using app = await startApp();
    const { globalId } = await importUser(app, EMAIL, { meta: { plan: 'pro' } });
    const input = { uid: 'ada', email: EMAIL, meta: { age: 34 } };
    expect(await app.run(UpdateUser, { input })).toMatchObject({
      updateUser: {
        created: false,
        user: { id: globalId, uid: 'ada', uidUpdateable: false, meta: { plan: 'pro', age: 34 } },
      },
    });
    expect(await app.db.user.count()).toBe(1);
  });

  it('creates a user if two have the address, and claims neither', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL);
    await importUser(app, EMAIL, { uid: 'ada@example.com (2)' });
    expect(await app.run(UpdateUser, { input: { uid: 'ada', email: EMAIL } })).toMatchObject({
      updateUser: { created: true, user: { uid: 'ada', email: EMAIL } },
    });
    expect(await app.db.user.count({ where: { uidUpdateable: true } })).toBe(2);
  });

  it('counts only users whose uid can be updated', async () => {
    await using app = await startApp();
    await addUser(app, { uid: 'other', email: EMAIL });
    const { globalId } = await importUser(app, EMAIL);
    expect(await app.run(UpdateUser, { input: { uid: 'ada', email: EMAIL } })).toMatchObject({
      updateUser: { created: false, user: { id: globalId } },
    });
  });

  it('creates a user if only users created with a uid have the address', async () => {
    await using app = await startApp();
    await addUser(app, { uid: 'other', email: EMAIL });
    expect(await app.run(UpdateUser, { input: { uid: 'ada', email: EMAIL } })).toMatchObject({
      updateUser: { created: true },
    });
  });

  it('creates a user without full authentication, and claims none', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL);
    const input = { uid: 'ada', email: EMAIL };
    expect(await app.run(IdentifyUser, { input }, app.publicKey)).toMatchObject({ updateUser: { created: true } });
    expect(await app.db.user.findMany({ where: { uid: EMAIL } })).toMatchObject([{ uidUpdateable: true }]);
  });

  it('claims no user of another workspace', async () => {
    await using app = await startApp();
    await importUser({ ...app.stranger, db: app.db }, EMAIL);
    expect(await app.run(UpdateUser, { input: { uid: 'ada', email: EMAIL } })).toMatchObject({
      updateUser: { created: true },
    });
  });

  it('claims no user for a uid that exists', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL);
    await addUser(app, { uid: 'ada' });
    await app.run(UpdateUser, { input: { uid: 'ada', email: EMAIL } });
    expect(await app.db.user.count({ where: { uidUpdateable: true } })).toBe(1);
  });

  it('claims no user if other fields are rejected', async () => {
    await using app = await startApp();
    await importUser(app, EMAIL, { meta: { a: 'x'.repeat(9000) } });
    const input = { uid: 'ada', email: EMAIL, meta: { b: 'x'.repeat(9000) } };
    expect(await app.run(UpdateUser, { input })).toMatchObject({ updateUser: { code: 'VALIDATION_FAILED' } });
    expect(await app.db.user.findMany()).toMatchObject([{ uid: EMAIL, uidUpdateable: true }]);
  });
});
