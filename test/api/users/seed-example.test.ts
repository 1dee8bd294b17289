import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { importUser } from '../../kit/factories.ts';
import { AddEvent, ReadEvents, TrackEvent } from '../../kit/operations/events.ts';
import { CreateUser, DeleteUser, IdentifyUser, ReadUser, SignUpUser } from '../../kit/operations/users.ts';

// The examples of the platform's REST document (users-api.md), with GraphQL's field names.

const exampleUser = {
  uid: 'u144',
  firstName: 'Akinyele',
  lastName: 'Jinadu',
  email: 'a.jinadu@somecorp.email',
  meta: { plan: 'pro', age: 34 },
  createdAt: '2021-01-12T05:24:39.062+00:00',
};

const exampleUpdate = {
  uid: 'u144',
  meta: { plan: 'custom', coverage: 20 },
  createdAt: '2021-01-12T05:24:39.062+00:00',
};

const exampleEvent = {
  uid: 'u144',
  name: 'Add to cart',
  timestamp: '2020-05-30T09:30:10Z',
  properties: { product: 'T123', currency: 'USD', amount: 12.99 },
};

const anotherEvent = { uid: 'u144', name: 'Paid', value: 49.99 };

it('creates the example user', async () => {
  await using app = await startApp();
  expect(await app.run(CreateUser, { input: exampleUser })).toMatchObject({
    createUser: {
      user: {
        ...exampleUser,
        number: null,
        devices: [],
        lists: [],
        segments: [],
        createdAt: '2021-01-12T05:24:39.062Z',
      },
    },
  });
});

it('reads the example user object, imported without a uid', async () => {
  await using app = await startApp();
  const { uid: _uid, email, ...fields } = exampleUser;
  await importUser(app, email, fields);
  const { user } = await app.run(ReadUser, { uid: 'a.jinadu@somecorp.email' });
  expect(user).toMatchObject({
    uid: 'a.jinadu@somecorp.email',
    uidUpdateable: true,
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    number: null,
    email: 'a.jinadu@somecorp.email',
    devices: [],
    lists: [],
    segments: [],
    meta: { plan: 'pro', age: 34 },
    createdAt: '2021-01-12T05:24:39.062Z',
  });
});

it('merges the example update: meta has plan, age and coverage', async () => {
  await using app = await startApp();
  await app.run(SignUpUser, { input: exampleUser }, app.publicKey);
  await app.run(IdentifyUser, { input: exampleUpdate }, app.publicKey);
  const { user } = await app.run(ReadUser, { uid: 'u144' });
  expect(user?.meta).toEqual({ plan: 'custom', age: 34, coverage: 20 });
  expect(user?.createdAt).toBe('2021-01-12T05:24:39.062Z');
});

it('adds both example events', async () => {
  await using app = await startApp();
  await app.run(SignUpUser, { input: exampleUser }, app.publicKey);
  await app.run(TrackEvent, { input: exampleEvent }, app.publicKey);
  expect(await app.run(AddEvent, { input: anotherEvent })).toMatchObject({
    addEvent: { event: { name: 'Paid', value: 49.99, properties: {}, user: { uid: 'u144' } } },
  });
  const { user } = await app.run(ReadEvents, { uid: 'u144' });
  const { uid: _uid, ...added } = exampleEvent;
  expect(user?.events.nodes).toMatchObject([
    { name: 'Paid', value: 49.99 },
    { ...added, value: null, timestamp: '2020-05-30T09:30:10.000Z' },
  ]);
});

it('deletes the example user with the secret, but not with the public key alone', async () => {
  await using app = await startApp();
  await app.run(SignUpUser, { input: exampleUser }, app.publicKey);
  expect(await app.send(DeleteUser, { input: { uid: 'u144' } }, app.publicKey)).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
  });
  expect(await app.run(DeleteUser, { input: { uid: 'u144' } })).toMatchObject({ deleteUser: { uid: 'u144' } });
  expect(await app.run(ReadUser, { uid: 'u144' })).toEqual({ user: null });
});
