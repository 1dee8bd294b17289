import { expect, it, vi } from 'vitest';
import { UserBusyError } from '../../../src/domain/shared/errors.ts';
import { inWriteQueue } from '../../../src/domain/users/write-queue.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { addUser } from '../../kit/factories.ts';
import { longTimeouts } from '../../kit/unlimited.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const query = (uid: string) =>
  `mutation { updateUser(input: { uid: "${uid}", firstName: "Ada" }) { ... on UpdateUserPayload { user { uid } } } }`;

const conflict = JSON.stringify({ code: 'CONFLICT', retryAfter: 1 });
const done = JSON.stringify({ code: 'OK' });

/** Updates a user. @returns how the request ended, as JSON. */
async function write(app: App, uid: string): Promise<string> {
  const { errors } = await app.send(query(uid));
  return JSON.stringify(errors?.[0]?.extensions ?? { code: 'OK' });
}

/** Locks the row of a user in another session, until `release` is called. */
async function lockRow({ db, workspaceId }: App, uid: string) {
  const holder = await db.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM users WHERE workspace_id = $1 AND uid = $2 FOR UPDATE', [workspaceId, uid]);
  return {
    release: async () => {
      await holder.query('COMMIT');
      holder.release();
    },
  };
}

it('queues 1,000 writes to a user on one connection, and rejects the others immediately', async () => {
  await using app = await startApp({ limits: longTimeouts });
  const { uid } = await addUser(app);
  const { uid: other } = await addUser(app);
  await app.send(query(other));
  const lock = await lockRow(app, uid);
  const answered: string[] = [];
  const graphql = atOnce(1_011, async () => {
    const outcome = await write(app, uid);
    answered.push(outcome);
    return outcome;
  });
  await vi.waitFor(() => expect(answered).toEqual(Array(10).fill(conflict)), 20_000);
  await untilWaiting(app, 1);
  expect((await app.send(query(other))).errors, 'others are not affected').toBeUndefined();
  const headers = { authorization: app.owner, 'content-type': 'application/json' };
  const rest = await app.app.inject({ method: 'PUT', url: `/v1/users/${uid}`, headers, payload: '{}' });
  expect([rest.statusCode, rest.headers['retry-after'], rest.json()]).toEqual([
    409,
    '1',
    { error: 'Too many writes to this user are in flight; retry later.', code: 'CONFLICT', retryAfter: 1 },
  ]);
  await lock.release();
  expect(tally(await graphql)).toEqual({ [conflict]: 10, [done]: 1_001 });
});

it('rejects writes that have waited for the same write for as long as they may, without writing them later', async () => {
  await using app = await startApp({ limits: { ...longTimeouts, userQueueMs: 200 } });
  const { uid } = await addUser(app);
  const lock = await lockRow(app, uid);
  const first = write(app, uid);
  await untilWaiting(app, 1);
  const rejected = await atOnce(3, async () => (await app.send(query(uid))).errors);
  const extensions = { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 };
  const message = 'Timed out after 200 ms waiting for an earlier write to the same user; retry later.';
  expect(rejected).toEqual(Array(3).fill([expect.objectContaining({ message, extensions })]));
  await lock.release();
  expect(await first).toBe(done);
  const entries = await app.db.change.count({ where: { workspaceId: app.workspaceId, action: 'updateUser' } });
  expect(entries).toBe(1);
});

it('rejects writes that have waited for several writes for as long as they may', async () => {
  const db = { timeouts: { ...longTimeouts, userQueueMs: 200 } };
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = [first, second].map(({ promise }) => inWriteQueue(db, 'workspace', 'u1', () => promise));
  const third = inWriteQueue(db, 'workspace', 'u1', () => Promise.resolve());
  first.resolve();
  await expect(third).rejects.toThrow(UserBusyError);
  second.resolve();
  await Promise.all(running);
});

it('rejects writes that have waited for as long as the lock timeout', async () => {
  await using app = await startApp({ limits: { lockMs: 200 } });
  const { uid } = await addUser(app);
  await app.send(query(uid));
  const lock = await lockRow(app, uid);
  const codes = await atOnce(3, async () => (await app.send(query(uid))).errors?.[0]?.extensions.code ?? 'done');
  await lock.release();
  expect(codes).toEqual(Array(3).fill('SERVICE_UNAVAILABLE'));
  expect((await app.send(query(uid))).errors).toBeUndefined();
});

it('rejects all queued writes once the database is unavailable for one of them', async () => {
  await using app = await startApp({ limits: { ...longTimeouts, statementMs: 500 } });
  const { uid } = await addUser(app);
  await app.send(query(uid));
  const lock = await lockRow(app, uid);
  const codes = await atOnce(40, async () => (await app.send(query(uid))).errors?.[0]?.extensions.code ?? 'done');
  await lock.release();
  expect(codes).toEqual(Array(40).fill('SERVICE_UNAVAILABLE'));
  expect((await app.send(query(uid))).errors).toBeUndefined();
});
