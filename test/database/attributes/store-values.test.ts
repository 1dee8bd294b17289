import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { declareAttribute, undeclareAttribute } from '../../../src/domain/attributes/declare.ts';
import { readDeclarations } from '../../../src/domain/attributes/declared.ts';
import { advanceDeclaration } from '../../../src/domain/attributes/fill.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { readMatchingUsers } from '../../../src/domain/users/query.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { runJobs } from '../../../src/jobs/run-jobs.ts';
import { storeDeclaredAttributes } from '../../../src/jobs/store-declared-attributes.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { choicesOf } from '../../kit/choices.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { lockTable, readCatalogues } from '../../kit/distribution.ts';
import { declareAll, storedValues, storeValues } from '../../kit/filters/declared.ts';
import { rowId } from '../../kit/seed-rows.ts';
import { casesOf } from '../../kit/test-size.ts';
import { variant } from '../../kit/variant.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Inserts users u1 to u<count>, whose score is their number. */
const addScored = ({ db, workspaceId }: App, count: number) => db.$executeRaw`
  INSERT INTO users (workspace_id, id, uid, meta, created_at, updated_at)
  SELECT ${workspaceId}::uuid, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'u' || n,
    jsonb_build_object('score', n), now(), now()
  FROM generate_series(1, ${count}::int) AS n`;

const countValues = ({ db, workspaceId }: App) => db.attributeValue.count({ where: { workspaceId } });

/** The uids of users with a score above a bound, newest first. */
async function uidsAbove({ db, workspaceId }: App, gt: number): Promise<string[]> {
  const where = { meta: [{ key: 'score', number: { gt } }] };
  const { rows } = await readMatchingUsers(db, workspaceId, { where }, { size: 30, from: 'start' });
  return rows.map(({ uid }) => uid);
}

it('stores the values of existing users in steps, and reports how many have been read', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addScored(app, 25);
  await declareAll(app, { score: 'NUMBER' });
  const state = async () => (await readDeclarations(app.db, app.workspaceId))[0];
  expect(await state()).toMatchObject({ key: 'score', type: 'NUMBER', usersRead: 0, readyAt: null });
  const steps = [];
  for (let step = 0; step < 4; step += 1) {
    // A step waits for older transactions, which those of other tests can be: the server is shared.
    await expect.poll(() => advanceDeclaration(app.db, { stepSize: 10 }), { timeout: 10_000 }).toBeDefined();
    steps.push([(await state())?.usersRead, await countValues(app)]);
  }
  expect(steps).toEqual([
    [0, 0],
    [10, 10],
    [20, 20],
    [25, 25],
  ]);
  expect((await state())?.readyAt).toEqual(expect.any(String));
  expect(await advanceDeclaration(app.db)).toBeUndefined();
  expect(await uidsAbove(app, 23)).toEqual(['u25', 'u24']);
});

it('waits for transactions that wrote without seeing the declaration, however late they are committed', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addScored(app, 3);
  const setScore = (tx: Pick<App['db'], '$executeRaw'>, uid: string, score: number) => tx.$executeRaw`
    UPDATE users SET meta = meta || jsonb_build_object('score', ${score}::int)
    WHERE workspace_id = ${app.workspaceId}::uuid AND uid = ${uid}`;
  let commit = () => {};
  const committed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let wrote = () => {};
  const written = new Promise<void>((resolve) => {
    wrote = resolve;
  });
  const open = app.db.$transaction(
    async (tx) => {
      await setScore(tx, 'u1', 100);
      await tx.$executeRaw`
        INSERT INTO users (workspace_id, id, uid, meta, created_at, updated_at)
        VALUES (${app.workspaceId}::uuid, ${rowId(0)}::uuid, 'late', '{"score": 200}', now(), now())`;
      wrote();
      await committed;
    },
    { timeout: 20_000 },
  );
  await written;
  await declareAll(app, { score: 'NUMBER' });
  // The first step notes a transaction id; no other one is possible until the open transaction has ended.
  expect(await advanceDeclaration(app.db)).toMatchObject({ usersRead: 0, isComplete: false });
  expect(await advanceDeclaration(app.db)).toBeUndefined();
  expect(await countValues(app)).toBe(0);
  // Writes from now on are stored at once.
  await setScore(app.db, 'u2', 300);
  expect(await countValues(app)).toBe(1);
  commit();
  await open;
  await storeValues(app);
  const { stored, required } = await storedValues(app);
  expect(stored).toEqual(required);
  expect(await uidsAbove(app, 50)).toEqual(['u2', 'u1', 'late']);
});

it('stores what the last write says, while users are written, and while processes are killed', {
  timeout: 120_000,
}, async () => {
  await using app = await startApp({ ownDatabase: true, poolSize: 12 });
  const actor = actorOf(app, 'test', 'users:read', 'users:write');
  await addScored(app, 200);
  const values = [1, 2.5, -3, 'Pro', 'PRO', '2026-03-01', true, 'x'.repeat(1_000)];
  let isDone = false;
  const writing = atOnce(6, async (writer) => {
    const choices = choicesOf(writer);
    while (!isDone) {
      const uid = `u${1 + choices.below(220)}`;
      const meta = { score: choices.of(values), plan: choices.of(values) };
      await (choices.percent(4)
        ? deleteUser(app.db, actor, uid).catch(() => {})
        : updateUser(app.db, actor, choices.percent(20) ? { uid, removeMeta: ['score'] } : { uid, meta }));
    }
  });
  try {
    for (let round = 0; round < casesOf(40); round += 1) {
      await declareAll(app, { score: 'NUMBER', plan: 'STRING' });
      for (let step = 0; step < 4; step += 1) await advanceDeclaration(app.db, { stepSize: 20 });
      // A process that is killed leaves its transaction to PostgreSQL, which rolls it back.
      await app.db
        .$transaction(async (tx) => {
          await tx.$executeRaw`UPDATE attribute_declarations SET position = ${rowId(9_999)}::uuid, users_read = 0`;
          throw new Error('killed');
        })
        .catch(() => {});
      await storeValues(app, 20);
      await app.db.$transaction(async (tx) => {
        // No write is in flight: what is stored must be what the users have.
        await lockTable(tx, app.workspaceId, 'users', 'EXCLUSIVE');
        const { stored, required } = await storedValues({ db: tx as never, workspaceId: app.workspaceId });
        expect(stored).toEqual(required);
      });
      for (const key of ['score', 'plan']) await undeclareAttribute(app.db, actor, key);
      while ((await app.db.attributeDeclaration.count()) > 0)
        await advanceDeclaration(app.db, { stepSize: 50, graceMs: 0 });
      expect(await countValues(app)).toBe(0);
    }
  } finally {
    isDone = true;
    await writing;
  }
});

it('no longer uses an attribute that is undeclared, and deletes its values later, in steps', async () => {
  await using app = await startApp({ ownDatabase: true });
  const actor = actorOf(app);
  await addScored(app, 25);
  await declareAll(app, { score: 'NUMBER' });
  await storeValues(app);
  const readingValues = async () =>
    (await app.statementsOf(() => uidsAbove(app, 20))).some((text) => /readOrderedPage.+users\.id = ANY/s.test(text));
  expect(await readingValues()).toBe(true);
  await undeclareAttribute(app.db, actor, 'score');
  expect(await readingValues()).toBe(false);
  await advanceDeclaration(app.db);
  // Requests that have read the declaration before can still use the values.
  expect(await advanceDeclaration(app.db)).toBeUndefined();
  expect(await countValues(app)).toBe(25);

  // It can be declared again meanwhile, with another type.
  await declareAttribute(app.db, actor, { key: 'score', type: 'STRING' });
  await app.db.$executeRaw`UPDATE users SET meta = '{"score": "high"}' WHERE uid = 'u1'`;
  expect(await countValues(app)).toBe(26);
  const steps = [];
  while ((await app.db.attributeDeclaration.count()) > 1) {
    const step = await advanceDeclaration(app.db, { stepSize: 10, graceMs: 0 });
    if (step?.task === 'delete') steps.push(await countValues(app));
  }
  expect(steps).toEqual([16, 6, 1]);
  await storeValues(app);
  expect((await storedValues(app)).stored).toMatchObject([{ key: 'score', text_value: 'high' }]);
});

it('does not use an attribute before it is ready', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addScored(app, 25);
  await declareAll(app, { score: 'NUMBER' });
  for (let step = 0; step < 3; step += 1) {
    await advanceDeclaration(app.db, { stepSize: 10 });
    expect(await uidsAbove(app, 22)).toEqual(['u25', 'u24', 'u23']);
  }
});

it('is done in the background until it is stopped, and continues after a fault', async () => {
  await using app = await startApp({ ownDatabase: true });
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) });
  await addScored(app, 5_000);
  await app.db.$executeRaw`ALTER TABLE attribute_declarations RENAME TO hidden`;
  const jobs = [
    runJobs([storeDeclaredAttributes(app.db, log)], log, 20),
    runJobs([storeDeclaredAttributes(app.db, pino({ level: 'silent' }))], pino({ level: 'silent' }), 20),
  ];
  await vi.waitFor(() => expect(lines).toMatchObject([{ level: 40 }]));
  await app.db.$executeRaw`ALTER TABLE hidden RENAME TO attribute_declarations`;
  await declareAll(app, { score: 'NUMBER', plan: 'STRING' });
  await storeByJobs(app);
  expect(await countValues(app)).toBe(5_000);
  await Promise.all(jobs.map((job) => job.stop()));
  await declareAll(app, { other: 'NUMBER' });
  await delay(200);
  expect((await readDeclarations(app.db, app.workspaceId)).at(-1)).toMatchObject({ readyAt: null });
});

it('ignores a transaction id of another cluster, which a dump has restored', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addScored(app, 3);
  await declareAll(app, { score: 'NUMBER' });
  await app.db.$executeRaw`UPDATE attribute_declarations SET barrier = 9000000000000000000, barrier_at = now()`;
  expect(await advanceDeclaration(app.db)).toMatchObject({ usersRead: 0, isComplete: false });
  // Tests in other databases of the server have transactions, too.
  const step = await vi.waitUntil(() => advanceDeclaration(app.db), 20_000);
  expect(step).toMatchObject({ usersRead: 3, isComplete: true });
});

it('analyzes the values again if that has failed, and goes on meanwhile', async () => {
  await using app = await startApp({ ownDatabase: true });
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line)) });
  const countStatistics = async () =>
    (await readCatalogues(app.db, `SELECT FROM pg_stats WHERE tablename ~ '^attribute_values(_\\d+)?$'`)).length;
  await addScored(app, 100);
  const blocker = new Client(app.connection);
  await blocker.connect();
  // ANALYZE waits for this lock, and writes do not.
  await blocker.query('BEGIN; LOCK TABLE attribute_values IN SHARE UPDATE EXCLUSIVE MODE');
  await declareAll(app, { score: 'NUMBER', plan: 'STRING' });
  const job = runJobs([storeDeclaredAttributes(app.db, log)], log, 20);
  await storeByJobs(app);
  await vi.waitFor(() => expect(lines).toMatchObject([{ msg: expect.stringMatching(/^cannot analyze/) }]), 20_000);
  // Citus locks the distributed table, not its shards, of which some can be analyzed.
  if (!variant.distributed) expect(await countStatistics()).toBe(0);
  await blocker.end();
  await vi.waitFor(async () => expect(await countStatistics()).toBeGreaterThan(0), 20_000);
  await job.stop();
  expect(lines).toHaveLength(1);
});

const storeByJobs = (app: App) =>
  vi.waitFor(
    async () => {
      for (const { readyAt } of await readDeclarations(app.db, app.workspaceId)) expect(readyAt).not.toBeNull();
    },
    { timeout: 20_000, interval: 50 },
  );

it('keeps values of texts by their first 256 characters, and compares the rest', async () => {
  await using app = await startApp();
  const long = 'É'.repeat(300);
  const add = (uid: string, text: string) => app.db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, meta, created_at, updated_at)
    VALUES (${app.workspaceId}::uuid, gen_random_uuid(), ${uid}, jsonb_build_object('text', ${text}::text), now(), now())`;
  await add('a', `${long}a`);
  await add('b', `${long}b`);
  await declareAll(app, { text: 'STRING' });
  await storeValues(app);
  const uidsOf = async (string: object) => {
    const where = { meta: [{ key: 'text', string }] };
    const { rows } = await readMatchingUsers(app.db, app.workspaceId, { where }, { size: 30, from: 'start' });
    return rows.map(({ uid }) => uid).sort();
  };
  expect(await uidsOf({ eq: `${long.toLowerCase()}A` })).toEqual(['a']);
  expect(await uidsOf({ in: [`${long}b`, 'c'] })).toEqual(['b']);
  expect(await uidsOf({ startsWith: `${long}B` })).toEqual(['b']);
  expect(await uidsOf({ startsWith: long.toLowerCase() })).toEqual(['a', 'b']);
  expect(await uidsOf({ startsWith: long.toLowerCase(), caseSensitive: true })).toEqual([]);
});
