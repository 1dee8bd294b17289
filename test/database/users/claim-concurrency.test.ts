import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { importUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';

const POOL = { poolSize: 20, limits: longTimeouts };
const EMAIL = 'ada@example.com';

it('lets one of 60 claims of one imported user by newUid win, and the others get UidNotUpdateableError', async () => {
  await using app = await startApp(POOL);
  const { id } = await importUser(app, EMAIL);
  const answers = await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: EMAIL, newUid: `u${place}` } }));
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({
    UpdateUserPayload: 1,
    UidNotUpdateableError: 59,
  });
  expect(await app.db.user.findMany()).toMatchObject([{ id, uidUpdateable: false }]);
});

it('lets one of 60 imported users have a newUid that all of them are given at once', async () => {
  await using app = await startApp(POOL);
  await atOnce(60, (place) => importUser(app, `ada${place}@example.com`));
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: `ada${place}@example.com`, newUid: 'ada' } }),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({
    UpdateUserPayload: 1,
    UidTakenError: 59,
  });
  expect(await app.db.user.count({ where: { uidUpdateable: true } })).toBe(59);
});

it('gives one imported user to exactly one of 60 claims by e-mail address; the others get their own or an error', async () => {
  await using app = await startApp(POOL);
  const { id, globalId } = await importUser(app, EMAIL);
  const answers = await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: `u${place}`, email: EMAIL } }));
  const users = answers.flatMap(({ updateUser }) => ('user' in updateUser ? [updateUser] : []));
  const refused = answers.filter(({ updateUser }) => updateUser.__typename === 'UidNotUpdateableError');
  expect(users.length + refused.length).toBe(60);
  expect(users.filter((answer) => answer.user.id === globalId)).toMatchObject([{ created: false }]);
  expect(users.filter((answer) => answer.created)).toHaveLength(users.length - 1);
  expect(await app.db.user.count()).toBe(users.length);
  expect(await app.db.user.findMany({ where: { id } })).toMatchObject([{ uidUpdateable: false, email: EMAIL }]);
});

it('claims once when 60 callers send the same unknown uid and e-mail address', async () => {
  await using app = await startApp(POOL);
  const { globalId } = await importUser(app, EMAIL);
  const answers = await atOnce(60, () => app.run(IdentifyUser, { input: { uid: 'ada', email: EMAIL } }));
  for (const { updateUser } of answers) expect(updateUser).toMatchObject({ created: false, user: { id: globalId } });
  expect(await app.db.user.count()).toBe(1);
});

it('answers everybody when claims by e-mail address meet upserts of the same uid with the public key', async () => {
  await using app = await startApp(POOL);
  await importUser(app, EMAIL);
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: 'ada', email: EMAIL } }, place % 2 ? app.owner : app.publicKey),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 60 });
  expect(await app.db.user.count({ where: { uid: 'ada' } })).toBe(1);
});
