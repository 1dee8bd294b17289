import { expect, it } from 'vitest';
import { toInstant } from '../../../src/db/instant.ts';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';

const TwoUsers = graphql(`query TwoUsers { a: user(uid: "u1") { uid createdAt } b: user(uid: "u2") { uid } }`);

it.each([
  ['2021-01-12 05:24:39.062+00', '2021-01-12T05:24:39.062Z'],
  ['2021-01-12 05:24:39+00', '2021-01-12T05:24:39.000Z'],
  ['2021-01-12 05:24:39.5+00', '2021-01-12T05:24:39.500Z'],
  ['2021-01-12 05:24:39.062999+00', '2021-01-12T05:24:39.062Z'],
  ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31 23:59:59.999+00', '9999-12-31T23:59:59.999Z'],
  ['2021-01-12 18:24:39.062+13', '2021-01-12T05:24:39.062Z'],
  ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
  ['2021-01-12T05:24:39.062+00:00', '2021-01-12T05:24:39.062Z'],
  ['2021-01-12T05:24:39.062+01:00', '2021-01-12T04:24:39.062Z'],
  ['12021-01-12T05:24:39.6+00:00', '+012021-01-12T05:24:39.600Z'],
  ['2021-01-12T05:24:39.062999+00:00', '2021-01-12T05:24:39.062Z'],
  ['2021-01-12T05:24:39+00:00', '2021-01-12T05:24:39.000Z'],
  ['2021-01-12T18:24:39.5+13:00', '2021-01-12T05:24:39.500Z'],
  ['12345-01-02T12:00:00+00:00', '+012345-01-02T12:00:00.000Z'],
  ['0044-03-15T12:00:00+00:00 BC', '-000043-03-15T12:00:00.000Z'],
  ['infinity', 'infinity'],
])('reads %s', (text, instant) => {
  expect(toInstant(text)).toBe(instant);
});

it('answers about users of whom somebody has changed one by hand to no instant at all', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u1' });
  await addUser(app, { uid: 'u2' });
  await app.db
    .$executeRaw`UPDATE users SET created_at = 'infinity' WHERE uid = 'u1' AND workspace_id = ${app.workspaceId}::uuid`;
  expect(await app.run(TwoUsers)).toEqual({ a: { uid: 'u1', createdAt: 'infinity' }, b: { uid: 'u2' } });
});
