import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { CreateUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await app.db.idempotencyKey.deleteMany();
  await app.db.change.deleteMany();
  await addUser(app, { uid: 'u144' });
});

const idempotencyKey = 'k1';
const paid = { uid: 'u144', name: 'Paid', idempotencyKey };
const add = async (input: object = {}) => (await app.run(AddEvent, { input: { ...paid, ...input } })).addEvent;
const create = async (input: object = {}) =>
  (await app.run(CreateUser, { input: { uid: 'ada', idempotencyKey, ...input } })).createUser;

/** Rolls a transaction back on purpose. */
class RolledBack extends Error {}

/** Holds a key like an in-flight write while `act` runs, and then rolls back. */
async function whileKeyInFlight<Result>(act: () => Promise<Result>): Promise<Result> {
  let result: { value: Result } | undefined;
  const failed = app.db.$transaction(async (tx) => {
    await tx.$executeRaw`
      INSERT INTO idempotency_keys (workspace_id, key, operation, digest, made_id, created_at)
      VALUES (${app.workspaceId}::uuid, ${idempotencyKey}, 'addEvent', '', ${app.workspaceId}::uuid, now())`;
    result = { value: await act() };
    throw new RolledBack();
  });
  await expect(failed).rejects.toThrow(RolledBack);
  if (!result) throw new Error('The transaction has no result.');
  return result.value;
}

describe('concurrent requests with the same key', () => {
  it('add one event, which all of them return', async () => {
    const answers = await atOnce(50, () => add());
    expect(Object.keys(tally(answers.map((answer) => JSON.stringify(answer))))).toHaveLength(1);
    expect(answers[0]).toHaveProperty('event');
    expect(await app.db.event.count()).toBe(1);
    expect(await app.db.change.count()).toBe(1);
  });

  it('create one user, which all of them return', async () => {
    const answers = await atOnce(50, () => create({ device: { token: 't1', platform: 'IOS' } }));
    const ids = answers.map((answer) => ('user' in answer ? answer.user.id : answer.code));
    expect(Object.keys(tally(ids))).toHaveLength(1);
    expect(answers[0]).toHaveProperty('user');
    expect(await app.db.change.findMany({ select: { action: true }, orderBy: { seq: 'asc' } })).toEqual([
      { action: 'createUser' },
      { action: 'registerDevice' },
    ]);
  });

  it('with different inputs: one succeeds, and the others conflict', async () => {
    const codeOf = (answer: object) => ('code' in answer ? String(answer.code) : 'OK');
    const codes = await atOnce(20, async (place) =>
      codeOf(place % 2 ? await add({ value: place }) : await create({ firstName: `${place}` })),
    );
    expect(tally(codes)).toEqual({ OK: 1, IDEMPOTENCY_CONFLICT: 19 });
    expect((await app.db.event.count()) + (await app.db.user.count())).toBe(2);
  });

  it('with an expired key: add one event', async () => {
    await add();
    await app.db.idempotencyKey.updateMany({ data: { createdAt: new Date(Date.now() - 25 * 3_600_000) } });
    const answers = await atOnce(30, () => add());
    expect(Object.keys(tally(answers.map((answer) => JSON.stringify(answer))))).toHaveLength(1);
    expect(await app.db.event.count()).toBe(2);
  });
});

describe('while another request with the key is in flight', () => {
  it('a second request waits, and succeeds if the first fails', async () => {
    const waiting = await whileKeyInFlight(async () => {
      const second = add();
      await untilWaiting(app, 1);
      return { second };
    });
    expect(await waiting.second).toHaveProperty('event');
    expect(await app.db.event.count()).toBe(1);
  });

  it('a creation waits for one that then fails validation, and claims the released key', async () => {
    const list = await addList(app);
    const { first, second } = await app.db.$transaction(async (tx) => {
      await tx.list.update({
        where: { workspaceId_id: { workspaceId: app.workspaceId, id: list.id } },
        data: { archivedAt: new Date() },
      });
      const first = create({ listIds: [list.globalId] });
      await untilWaiting(app, 1);
      const second = create({ uid: 'bo' });
      await untilWaiting(app, 2);
      return { first: { answer: first }, second: { answer: second } };
    });
    expect(await first.answer).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await second.answer).toMatchObject({ user: { uid: 'bo' } });
    expect(await app.db.user.count({ where: { uid: 'ada' } })).toBe(0);
  });

  it('a second request that times out fails with CONFLICT in both APIs', async () => {
    const headers = { authorization: app.owner, 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
    const post = (url: string, payload: object) => app.app.inject({ method: 'POST', url, headers, payload });
    const answers = await whileKeyInFlight(() =>
      Promise.all([
        app.send(AddEvent, { input: paid }),
        app.send(CreateUser, { input: { uid: 'ada', idempotencyKey } }),
        post('/v1/users/u144/events', { event: 'Paid' }),
        post('/v1/users', { id: 'ben' }),
      ]),
    );
    const [added, created, posted, postedUser] = answers;
    const message = 'Another request with the idempotency key is in flight; retry later.';
    for (const { errors } of [added, created]) {
      expect(errors).toMatchObject([{ message, extensions: { code: 'CONFLICT' } }]);
    }
    for (const response of [posted, postedUser]) {
      expect([response.statusCode, response.json()]).toEqual([
        409,
        { error: message, code: 'CONFLICT', retryAfter: 1 },
      ]);
    }
    expect(await app.db.event.count()).toBe(0);
    expect(await restOf(app).get('/v1/users/ada')).toMatchObject({ status: 404 });
  });
});
