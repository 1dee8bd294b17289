import { expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { addUser } from '../../kit/factories.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const query = (uid: string) =>
  `mutation { updateUser(input: { uid: "${uid}", firstName: "Ada" }) { ... on UpdateUserPayload { user { uid } } } }`;

it('queues 64 writes to a user on one connection, and rejects the others immediately', async () => {
  await using app = await startApp();
  const { uid } = await addUser(app);
  const { uid: other } = await addUser(app);
  await app.send(query(other));
  const holder = await app.db.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM users WHERE uid = $1 FOR UPDATE', [uid]);
  const answered: string[] = [];
  const graphql = atOnce(75, async () => {
    const { errors } = await app.send(query(uid));
    const outcome = errors?.[0]?.extensions ?? { code: 'OK' };
    answered.push(JSON.stringify(outcome));
    return JSON.stringify(outcome);
  });
  const conflict = JSON.stringify({ code: 'CONFLICT', retryAfter: 1 });
  await vi.waitFor(() => expect(answered).toEqual(Array(75 - 65).fill(conflict)));
  await untilWaiting(app, 1);
  expect((await app.send(query(other))).errors, 'others are not affected').toBeUndefined();
  const headers = { authorization: app.owner, 'content-type': 'application/json' };
  const rest = await app.app.inject({ method: 'PUT', url: `/v1/users/${uid}`, headers, payload: '{}' });
  expect([rest.statusCode, rest.headers['retry-after'], rest.json()]).toEqual([
    409,
    '1',
    { error: 'Too many writes to this user are in flight; retry later.', code: 'CONFLICT', retryAfter: 1 },
  ]);
  await holder.query('COMMIT');
  holder.release();
  expect(tally(await graphql)).toEqual({ [conflict]: 10, [JSON.stringify({ code: 'OK' })]: 65 });
});

it('rejects writes that have waited for as long as the lock timeout', async () => {
  await using app = await startApp({ limits: { lockMs: 200 } });
  const { uid } = await addUser(app);
  await app.send(query(uid));
  const holder = await app.db.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM users WHERE uid = $1 FOR UPDATE', [uid]);
  const codes = await atOnce(3, async () => (await app.send(query(uid))).errors?.[0]?.extensions.code ?? 'done');
  await holder.query('COMMIT');
  holder.release();
  expect(codes).toEqual(Array(3).fill('SERVICE_UNAVAILABLE'));
  expect((await app.send(query(uid))).errors).toBeUndefined();
});
