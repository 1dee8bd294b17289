import { expect, it } from 'vitest';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { addUser, countRows } from '../../kit/factories.ts';
import { TrackEvent } from '../../kit/operations/events.ts';
import { DeleteUser, IdentifyUser, ReadUser, SignUpUser } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';

const POOL = { poolSize: 20, limits: longTimeouts };

it('creates exactly one user for 60 concurrent upserts of one uid, and returns created: true once', async () => {
  await using app = await startApp(POOL);
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: 'one', firstName: `Name ${place}` } }, app.publicKey),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 60 });
  expect(answers.filter(({ updateUser }) => 'created' in updateUser && updateUser.created)).toHaveLength(1);
  expect(await app.db.user.count()).toBe(1);
});

it('creates one user for 60 concurrent createUser of one uid, and rejects the others with UidTakenError', async () => {
  await using app = await startApp(POOL);
  const answers = await atOnce(60, () => app.run(SignUpUser, { input: { uid: 'u144' } }, app.publicKey));
  expect(tally(answers.map(({ createUser }) => createUser.__typename))).toEqual({
    CreateUserPayload: 1,
    UidTakenError: 59,
  });
  expect(await app.db.user.count()).toBe(1);
});

it('loses none of 60 concurrent patches of different meta keys', async () => {
  await using app = await startApp(POOL);
  await addUser(app, { uid: 'one' });
  await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: 'one', meta: { [`key${place}`]: place } } }));
  const { user } = await app.run(ReadUser, { uid: 'one' });
  expect(user?.meta).toEqual(Object.fromEntries(Array.from({ length: 60 }, (_, place) => [`key${place}`, place])));
});

it('loses none of 60 concurrent meta patches that also have to create the user', async () => {
  await using app = await startApp(POOL);
  await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: 'one', meta: { [`key${place}`]: place } } }));
  const { user } = await app.run(ReadUser, { uid: 'one' });
  expect(Object.keys(user?.meta ?? {})).toHaveLength(60);
});

it('enforces the limit of 100 keys for 60 concurrent patches of 3 keys', async () => {
  await using app = await startApp(POOL);
  await addUser(app, { uid: 'one' });
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: 'one', meta: { [`a${place}`]: 1, [`b${place}`]: 2, [`c${place}`]: 3 } } }),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({
    UpdateUserPayload: 33,
    ValidationError: 27,
  });
  const { user } = await app.run(ReadUser, { uid: 'one' });
  expect(Object.keys(user?.meta ?? {})).toHaveLength(99);
});

it('leaves no event behind if a user is deleted while 60 events are added', async () => {
  await using app = await startApp(POOL);
  await addUser(app, { uid: 'one' });
  const answers = await atOnce(61, async (place) => {
    if (place !== 30) {
      return (await app.run(TrackEvent, { input: { uid: 'one', name: 'Paid' } }, app.publicKey)).addEvent.__typename;
    }
    const { deleteUser } = await app.run(DeleteUser, { input: { uid: 'one' } });
    // Erased right after the deletion, not after the last call: an event that is added once the user is gone stays, and is found.
    while (await runErasureStep(app.db));
    return deleteUser.__typename;
  });
  const { AddEventPayload: added = 0, NotFoundError: notFound = 0, ...others } = tally(answers);
  expect(others).toEqual({ DeleteUserPayload: 1 });
  expect(added + notFound).toBe(60);
  expect(await app.db.event.count()).toBe(0);
});

it('deletes a user once for 60 concurrent deletions', async () => {
  await using app = await startApp(POOL);
  await addUser(app, { uid: 'one' });
  const answers = await atOnce(60, () => app.run(DeleteUser, { input: { uid: 'one' } }));
  expect(tally(answers.map(({ deleteUser }) => deleteUser.__typename))).toEqual({
    DeleteUserPayload: 1,
    NotFoundError: 59,
  });
});

it('completes every call when upserts, events, devices and deletions of one uid are concurrent', async () => {
  await using app = await startApp(POOL);
  const answers = await atOnce(80, async (place) => {
    const uid = 'one';
    if (place % 4 === 0) return (await app.run(DeleteUser, { input: { uid } })).deleteUser.__typename;
    if (place % 4 === 1) return (await app.run(TrackEvent, { input: { uid, name: 'Paid' } })).addEvent.__typename;
    const device = { token: `token${place}`, platform: 'IOS' } as const;
    return (await app.run(IdentifyUser, { input: { uid, device } })).updateUser.__typename;
  });
  expect(tally(answers)).toMatchObject({ UpdateUserPayload: 40 });
  await app.send(DeleteUser, { input: { uid: 'one' } });
  while (await runErasureStep(app.db));
  expect(await countRows(app)).toMatchObject({ users: 0, devices: 0, events: 0 });
});
