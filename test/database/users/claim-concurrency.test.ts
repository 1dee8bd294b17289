import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { importUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';

const POOL = { poolSize: 20, limits: longTimeouts };
const EMAIL = 'ada@example.com';

it('gives one imported user to one of 60 concurrent claims by newUid, and rejects the others with UidNotUpdateableError', async () => {
  await using app = await startApp(POOL);
  const { id } = await importUser(app, EMAIL);
  const answers = await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: EMAIL, newUid: `u${place}` } }));
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({
    UpdateUserPayload: 1,
    UidNotUpdateableError: 59,
  });
  expect(await app.db.user.findMany()).toMatchObject([{ id, uidUpdateable: false }]);
});

it('gives a newUid to one of 60 imported users that receive it concurrently', async () => {
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

it('gives one imported user to exactly one of 60 concurrent claims by e-mail address; the others create users or fail', async () => {
  await using app = await startApp(POOL);
  const { id, globalId } = await importUser(app, EMAIL);
  const answers = await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: `u${place}`, email: EMAIL } }));
  const users = answers.flatMap(({ updateUser }) => ('user' in updateUser ? [updateUser] : []));
  const rejected = answers.filter(({ updateUser }) => updateUser.__typename === 'UidNotUpdateableError');
  expect(users.length + rejected.length).toBe(60);
  expect(users.filter((answer) => answer.user.id === globalId)).toMatchObject([{ created: false }]);
  expect(users.filter((answer) => answer.created)).toHaveLength(users.length - 1);
  expect(await app.db.user.count()).toBe(users.length);
  expect(await app.db.user.findMany({ where: { id } })).toMatchObject([{ uidUpdateable: false, email: EMAIL }]);
});

it('claims once for 60 concurrent updates with the same unknown uid and e-mail address', async () => {
  await using app = await startApp(POOL);
  const { globalId } = await importUser(app, EMAIL);
  const answers = await atOnce(60, () => app.run(IdentifyUser, { input: { uid: 'ada', email: EMAIL } }));
  for (const { updateUser } of answers) expect(updateUser).toMatchObject({ created: false, user: { id: globalId } });
  expect(await app.db.user.count()).toBe(1);
});

it('completes concurrent claims by e-mail address and upserts of the same uid with the public key', async () => {
  await using app = await startApp(POOL);
  await importUser(app, EMAIL);
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: 'ada', email: EMAIL } }, place % 2 ? app.owner : app.publicKey),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 60 });
  expect(await app.db.user.count({ where: { uid: 'ada' } })).toBe(1);
});
