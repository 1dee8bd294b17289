import { expect, it, vi } from 'vitest';
import { addEvent } from '../../../src/domain/events/add.ts';
import { nameOfToken } from '../../../src/domain/shared/actor.ts';
import { newId } from '../../../src/domain/shared/ids.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { eraseDeletedUsers } from '../../../src/jobs/erase-deleted-users.ts';
import { runJobs } from '../../../src/jobs/run-jobs.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { databaseText, findTexts } from '../../kit/database-text.ts';
import { restOf } from '../../kit/rest.ts';
import { personal, type SecuredApp, seedPerson, startSecured, write } from '../../kit/seed-person.ts';
import { bearer, claimsOf } from '../../kit/tokens.ts';

const tables = async (app: SecuredApp) => findTexts(await databaseText(app.db), Object.values(personal));

/** A completed job with its stored files, which contain texts of the person. */
async function seedFinishedImport({ db, workspaceId }: SecuredApp): Promise<void> {
  const id = newId();
  const options = JSON.stringify({ where: { email: { eq: personal.filterText } } });
  await db.$executeRaw`
    INSERT INTO transfer_jobs (workspace_id, id, kind, state, key_id, is_stored, options, rejected, created_at, completed_at)
    VALUES (${workspaceId}::uuid, ${id}::uuid, 'importUsers', 'completed', 'cli', true, ${options}::jsonb, 7, now(), now())`;
  for (const number of [0, 1, 2]) {
    await db.$executeRaw`
      INSERT INTO transfer_chunks (workspace_id, job_id, part, number, data)
      VALUES (${workspaceId}::uuid, ${id}::uuid, 'rejected', ${number}, ${Buffer.from(personal.rejectedText)})`;
  }
}

it('erases a person from every table of the database, and from the log', async () => {
  await using app = await startSecured();
  await seedPerson(app);
  await write(app, 'createUser', { uid: personal.signUpUid, idempotencyKey: personal.signUpKey });
  await write(app, 'upsertUsers', {
    errorPolicy: 'SKIP_FAILED',
    users: [{ uid: personal.uid, appVersion: personal.appVersion }],
    idempotencyKey: personal.syncKey,
  });
  await seedFinishedImport(app);
  const found = await tables(app);
  expect(Object.keys(found).toSorted()).toEqual(Object.values(personal).toSorted());
  const used = new Set(Object.values(found).flat());
  expect([...used].toSorted()).toEqual([
    'attribute_values',
    'changes',
    'devices',
    'events',
    'idempotency_keys',
    'rate_limit_points',
    'transfer_chunks',
    'transfer_jobs',
    'user_words',
    'users',
  ]);
  const [{ count: others } = { count: 0 }] = await app.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM changes WHERE user_id IS NULL OR user_id NOT IN (SELECT id FROM users WHERE uid LIKE 'zq%')`;
  const own = await bearer(claimsOf(app.workspaceId, { sub: personal.uid, scope: 'users:write' }));
  await write(app, 'deleteUser', { uid: personal.uid }, own);
  expect((await restOf(app).delete(`/v1/users/${personal.signUpUid}`)).status).toBe(200);
  const ids = (await app.db.userDeletion.findMany()).map(({ userId }) => userId);

  const job = runJobs([eraseDeletedUsers(app.db, app.log)], app.log, 20);
  await vi.waitFor(async () => expect(await app.db.userDeletion.count()).toBe(0), { timeout: 20_000 });
  await job.stop();
  expect(await tables(app)).toEqual({});
  expect(findTexts(app.logText(), Object.values(personal))).toEqual({});
  expect(app.linesOf()).toBeGreaterThan(20);

  expect(await app.db.transferJob.findFirst({ where: { rejected: 7 } })).toMatchObject({ state: 'completed' });

  // The log of changes still tells consumers which user was deleted, and has all entries about others.
  const entries = await app.db.change.findMany({ where: { userId: { in: ids } } });
  expect(entries.filter(({ action }) => action === 'deleteUser')).toHaveLength(2);
  expect(entries.every(({ changed }) => changed === null || changed.length === 0)).toBe(true);
  const [{ count } = { count: 0 }] = await app.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM changes WHERE user_id IS NULL OR user_id <> ALL(${ids}::uuid[])`;
  expect(count).toBe(others);
  expect(await app.db.change.findFirst({ where: { action: 'createList', keyId: 'erased' } })).toMatchObject({
    userId: null,
  });
});

it('erases only the deleted user of the workspace', async () => {
  await using app = await startApp({ ownDatabase: true });
  const places = [actorOf(app), actorOf(app.stranger)];
  for (const actor of places) {
    const own = { ...actor, actorName: nameOfToken('ada') };
    for (const uid of ['ada', 'bob']) {
      await updateUser(app.db, own, { uid, meta: { plan: 'pro' } });
      await addEvent(app.db, own, { uid, name: 'Paid', idempotencyKey: `key of ${uid}` });
    }
  }
  const [rows, strangers] = await Promise.all(places.map(({ workspaceId }) => changesOf(app, workspaceId)));
  await deleteUser(app.db, actorOf(app), 'ada');
  while (await runErasureStep(app.db, 2));
  expect(await changesOf(app, app.stranger.workspaceId)).toEqual(strangers);
  const bobs = (texts: string[] = []) => texts.filter((text) => text.includes('bob'));
  // Written with the token of the deleted user, whose subject is erased there as well.
  expect(bobs(await changesOf(app, app.workspaceId))).toEqual(
    bobs(rows).map((text) => text.replace('token:ada', 'erased')),
  );
  const keys = await app.db.idempotencyKey.findMany({ select: { key: true, workspaceId: true } });
  expect(keys.filter(({ workspaceId }) => workspaceId === app.workspaceId)).toMatchObject([{ key: 'key of bob' }]);
  expect(keys.filter(({ workspaceId }) => workspaceId === app.stranger.workspaceId)).toHaveLength(2);
});

/** The changes of the users of a workspace, with their uids. */
async function changesOf({ db }: Awaited<ReturnType<typeof startApp>>, workspaceId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ text: string }[]>`
    SELECT concat_ws(' ', users.uid, action, key_id, changed) AS text FROM changes JOIN users ON users.id = changes.user_id
    WHERE changes.workspace_id = ${workspaceId}::uuid ORDER BY seq`;
  return rows.map(({ text }) => text);
}

it('continues after a step that failed in each stage, and repeats nothing', async () => {
  await using app = await startApp({ ownDatabase: true });
  const actor = actorOf(app);
  const own = { ...actor, actorName: nameOfToken('ada') };
  await updateUser(app.db, own, { uid: 'ada', meta: { plan: 'pro' } });
  for (let place = 0; place < 7; place += 1) {
    await addEvent(app.db, own, { uid: 'ada', name: 'Paid', idempotencyKey: `key ${place}` });
    await updateUser(app.db, own, { uid: 'bob', firstName: `Bob ${place}` });
  }
  await deleteUser(app.db, actor, 'ada');
  for (const table of ['events', 'changes', 'rate_limit_points']) {
    await app.db.$executeRawUnsafe(`ALTER TABLE ${table} RENAME TO hidden`);
    // Until the stage that needs the table.
    await expect(
      (async () => {
        while (await runErasureStep(app.db, 3));
      })(),
    ).rejects.toThrow('does not exist');
    await app.db.$executeRawUnsafe(`ALTER TABLE hidden RENAME TO ${table}`);
    expect(await app.db.userDeletion.count()).toBe(1);
  }
  let last: Awaited<ReturnType<typeof runErasureStep>>;
  for (let step = await runErasureStep(app.db, 3); step; step = await runErasureStep(app.db, 3)) last = step;
  // 1 creation and 7 events of ada, and 7 updates of bob; the deletion was by a key.
  expect(last).toMatchObject({ isComplete: true, erasedEvents: 7, erasedKeys: 7, erasedChanges: 15 });
  expect(findTexts(await databaseText(app.db), ['token:ada', 'Paid', 'key 1'])).toEqual({});
});
