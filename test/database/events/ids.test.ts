import { validate, version } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { inWorkspace } from '../../../src/db/sql.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

/** Clients follow events by id, so an id has to be generated as late as possible: after every wait. */

const app = await startApp();
const actor = actorOf(app);
afterAll(() => app[Symbol.asyncDispose]());

beforeAll(async () => {
  for (const uid of ['u1', 'u2', 'u3']) await addUser(app, { uid });
});

const add = (uid: string, name: string, idempotencyKey?: string) =>
  addEvent(app.db, actor, { uid, name, idempotencyKey });

/** The time of an id, in ms. */
const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

async function databaseTime(): Promise<number> {
  const [row] = await app.db.query<{ ms: string }[]>`/* readClock */
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms ${inWorkspace(app.workspaceId)}`;
  return Number(row?.ms);
}

type Transaction = Parameters<Parameters<DatabaseClient['$transaction']>[0]>[0];

/** The result of an operation that waits for locked rows, and the database's time just before they are released. */
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

/** Runs a request with a key that waits for a list to be archived and then fails; `act` waits for that request. */
async function afterFailure<Result>(idempotencyKey: string, act: () => Promise<Result>) {
  const list = await addList(app);
  const where = { workspaceId_id: { workspaceId: app.workspaceId, id: list.id } };
  let failing: Promise<void> | undefined;
  const outcome = await whileHeld(
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
  return outcome;
}

describe('the id of an event', () => {
  it('is a UUIDv7 from the database’s clock', async () => {
    const before = await databaseTime();
    const { id } = await add('u1', 'Paid');
    expect([validate(id), version(id)]).toEqual([true, 7]);
    expect(timeOf(id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(id)).toBeLessThanOrEqual(await databaseTime());
  });

  it('follows the order of the inputs if one statement adds many', async () => {
    for (let round = 0; round < 20; round += 1) {
      const added = await atOnce(100, (place) => add(`u${1 + ((place * 7) % 3)}`, `${round} ${place}`));
      const ids = added.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted());
      expect(new Set(ids.map(timeOf)).size).toBe(1);
      expect(added.map(({ name }) => name)).toEqual(added.map((_, place) => `${round} ${place}`));
    }
  });

  it('is greater than that of every event acknowledged before', async () => {
    const ids: string[] = [];
    for (let place = 0; place < 200; place += 1) ids.push((await add('u1', `${place}`)).id);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is generated after the wait for a user whom another transaction has locked', async () => {
    const { result, released } = await whileHeld(
      (tx) => tx.$queryRaw`SELECT FROM users WHERE workspace_id = ${app.workspaceId}::uuid AND uid = 'u2' FOR UPDATE`,
      () => add('u2', 'Paid'),
    );
    expect(timeOf(result.id)).toBeGreaterThanOrEqual(released);
  });

  it('is generated after the wait for a locked user, also with an idempotency key', async () => {
    const { result, released } = await whileHeld(
      (tx) => tx.$queryRaw`SELECT FROM users WHERE workspace_id = ${app.workspaceId}::uuid AND uid = 'u2' FOR UPDATE`,
      () => add('u2', 'Paid', 'locked'),
    );
    expect(timeOf(result.id)).toBeGreaterThanOrEqual(released);
    expect(await add('u2', 'Paid', 'locked')).toEqual(result);
  });

  it('is generated after the wait for another request with the same key, which fails', async () => {
    const { result, released } = await afterFailure('fails', () => add('u2', 'Paid', 'fails'));
    expect(timeOf(result.id)).toBeGreaterThanOrEqual(released);
    expect(await add('u2', 'Paid', 'fails')).toEqual(result);
  });
});

describe('the id of a user', () => {
  it('is a UUIDv7 from the database’s clock', async () => {
    const before = await databaseTime();
    const { user } = await createUser(app.db, actor, { uid: 'bo' });
    expect([validate(user.id), version(user.id)]).toEqual([true, 7]);
    expect(timeOf(user.id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(user.id)).toBeLessThanOrEqual(await databaseTime());
  });

  it('is generated after the wait for another request with the same key, which fails', async () => {
    const { result, released } = await afterFailure('user fails', () =>
      createUser(app.db, actor, { uid: 'cy', idempotencyKey: 'user fails' }),
    );
    expect(timeOf(result.user.id)).toBeGreaterThanOrEqual(released);
  });
});
