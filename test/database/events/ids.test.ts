import { validate, version } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

/** Events are followed by id, so an id has to be made as late as can be: when nothing is waited for any more. */

const app = await startApp();
const actor = actorOf(app);
afterAll(() => app[Symbol.asyncDispose]());

beforeAll(async () => {
  for (const uid of ['u1', 'u2', 'u3']) await addUser(app, { uid });
});

const add = (uid: string, name: string, idempotencyKey?: string) =>
  addEvent(app.db, actor, { uid, name, idempotencyKey });

/** The millisecond of an id. */
const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

async function databaseTime(): Promise<number> {
  const [row] = await app.db.query<{ ms: string }[]>`
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms`;
  return Number(row?.ms);
}

type Transaction = Parameters<Parameters<DatabaseClient['$transaction']>[0]>[0];

/** What comes of something that waits for rows which are held, and the database's time just before they are let go. */
async function whileHeld<Result>(
  hold: (tx: Transaction) => Promise<unknown>,
  act: () => Promise<Result>,
  waiters = 1,
): Promise<{ result: Result; released: number }> {
  const { waiting, released } = await app.db.$transaction(async (tx) => {
    await hold(tx);
    const waiting = { result: act() };
    await untilWaiting(app, waiters);
    return { waiting, released: await databaseTime() };
  });
  return { result: await waiting.result, released };
}

/** Lets a request take a key and then wait for a list that is being archived, which makes it fail; another one waits for it. */
async function afterFailure<Result>(idempotencyKey: string, act: () => Promise<Result>) {
  const list = await addList(app);
  const where = { workspaceId_id: { workspaceId: app.workspaceId, id: list.id } };
  let failing: Promise<void> | undefined;
  const made = await whileHeld(
    (tx) => tx.list.update({ where, data: { archivedAt: new Date() } }),
    async () => {
      const input = { uid: 'never', listIds: [list.id], idempotencyKey };
      failing = expect(createUser(app.db, actor, input)).rejects.toThrow('archived');
      await untilWaiting(app, 1);
      return act();
    },
    2,
  );
  await failing;
  return made;
}

describe('the id of an event', () => {
  it('is a UUIDv7 of the database’s clock', async () => {
    const before = await databaseTime();
    const { id } = await add('u1', 'Paid');
    expect([validate(id), version(id)]).toEqual([true, 7]);
    expect(timeOf(id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(id)).toBeLessThanOrEqual(await databaseTime());
  });

  it('is in the order of the inputs where many are added with one statement', async () => {
    for (let round = 0; round < 20; round += 1) {
      const added = await atOnce(100, (place) => add(`u${1 + ((place * 7) % 3)}`, `${round} ${place}`));
      const ids = added.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted());
      expect(new Set(ids.map(timeOf)).size).toBe(1);
      expect(added.map(({ name }) => name)).toEqual(added.map((_, place) => `${round} ${place}`));
    }
  });

  it('is greater than that of an event which was acknowledged before', async () => {
    const ids: string[] = [];
    for (let place = 0; place < 200; place += 1) ids.push((await add('u1', `${place}`)).id);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is made after the wait for a user whom somebody else has locked', async () => {
    const { result, released } = await whileHeld(
      (tx) => tx.$queryRaw`SELECT FROM users WHERE uid = 'u2' FOR UPDATE`,
      () => add('u2', 'Paid'),
    );
    expect(timeOf(result.id)).toBeGreaterThanOrEqual(released);
  });

  it('is made after the wait for a user, with an idempotency key as well', async () => {
    const { result, released } = await whileHeld(
      (tx) => tx.$queryRaw`SELECT FROM users WHERE uid = 'u2' FOR UPDATE`,
      () => add('u2', 'Paid', 'locked'),
    );
    expect(timeOf(result.id)).toBeGreaterThanOrEqual(released);
    expect(await add('u2', 'Paid', 'locked')).toEqual(result);
  });

  it('is made after the wait for another request with the same key, which fails', async () => {
    const { result, released } = await afterFailure('fails', () => add('u2', 'Paid', 'fails'));
    expect(timeOf(result.id)).toBeGreaterThanOrEqual(released);
    expect(await add('u2', 'Paid', 'fails')).toEqual(result);
  });
});

describe('the id of a user', () => {
  it('is a UUIDv7 of the database’s clock', async () => {
    const before = await databaseTime();
    const { user } = await createUser(app.db, actor, { uid: 'bo' });
    expect([validate(user.id), version(user.id)]).toEqual([true, 7]);
    expect(timeOf(user.id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(user.id)).toBeLessThanOrEqual(await databaseTime());
  });

  it('is made after the wait for another request with the same key, which fails', async () => {
    const { result, released } = await afterFailure('user fails', () =>
      createUser(app.db, actor, { uid: 'cy', idempotencyKey: 'user fails' }),
    );
    expect(timeOf(result.user.id)).toBeGreaterThanOrEqual(released);
  });
});
