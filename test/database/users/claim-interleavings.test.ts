import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { importUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const EMAIL = 'ada@example.com';

/** Runs a claim by e-mail address, and changes its candidate after the claim has found it, as a concurrent caller does. */
async function claimWhile(change: string) {
  const app = await startApp({ ownDatabase: true });
  const { id, globalId } = await importUser(app, EMAIL);
  const claim = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM users WHERE workspace_id = ${app.workspaceId}::uuid FOR UPDATE`;
    const claiming = app.run(IdentifyUser, { input: { uid: 'ada', email: EMAIL } });
    await untilWaiting(app, 1);
    await tx.$executeRawUnsafe(change);
    return { claiming };
  });
  return { app, id, globalId, answer: (await claim.claiming).updateUser };
}

it('creates a user if the address of the candidate has just been changed, and does not change the candidate', async () => {
  const { app, id, answer } = await claimWhile(`UPDATE users SET email = 'new@example.com'`);
  await using _ = app;
  expect(answer).toMatchObject({ created: true });
  expect(await app.db.user.findFirst({ where: { id } })).toMatchObject({
    uid: EMAIL,
    uidUpdateable: true,
    email: 'new@example.com',
  });
});

it('creates a user if the candidate has just been deleted', async () => {
  const { app, answer } = await claimWhile('DELETE FROM users');
  await using _ = app;
  expect(answer).toMatchObject({ created: true });
  expect(await app.db.user.findMany()).toMatchObject([{ uid: 'ada', email: EMAIL }]);
});

it('fails with UidNotUpdateableError if another caller has just given the candidate a uid', async () => {
  const { app, answer } = await claimWhile(`UPDATE users SET uid = 'other', uid_updateable = false`);
  await using _ = app;
  expect(answer).toMatchObject({ __typename: 'UidNotUpdateableError' });
  expect(await app.db.user.count()).toBe(1);
});

it('updates the candidate if another caller has just given it the same uid', async () => {
  const { app, globalId, answer } = await claimWhile(`UPDATE users SET uid = 'ada', uid_updateable = false`);
  await using _ = app;
  expect(answer).toMatchObject({ created: false, user: { id: globalId } });
});
