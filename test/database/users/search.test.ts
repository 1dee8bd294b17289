import { describe, expect, it } from 'vitest';
import { readOrderedPage } from '../../../src/db/reading/ordered/page.ts';
import { matchingUsers, type UserQuery } from '../../../src/domain/users/query.ts';
import { deleteWorkspace, requestDeletion } from '../../../src/domain/workspaces/delete.ts';
import { startApp } from '../../kit/app.ts';
import { addUser, importUser } from '../../kit/factories.ts';
import { restOf } from '../../kit/rest.ts';
import { rowId } from '../../kit/seed-rows.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const NOW = new Date();

const readPage = async ({ db, workspaceId }: App, query: UserQuery, page: object = {}) =>
  readOrderedPage(db, matchingUsers(workspaceId, query, NOW), { size: 10, from: 'start', ...page });

const uidsOf = async (app: App, search: string) => (await readPage(app, { search })).rows.map(({ uid }) => uid);

/** The stored words of a user, without the digits of the workspace. */
async function wordsOf({ db, workspaceId }: App, uid: string): Promise<string[]> {
  const [row] = await db.$queryRaw<{ words: string[] }[]>`
    SELECT tsvector_to_array(words) AS words FROM user_words
    JOIN users ON users.workspace_id = ${workspaceId}::uuid AND users.id = user_words.user_id
    WHERE user_words.workspace_id = ${workspaceId}::uuid AND users.uid = ${uid}`;
  return (row?.words ?? []).map((word) => word.replace(workspaceId.slice(-6), ''));
}

describe('The words of a user', () => {
  it('follow every write', async () => {
    await using app = await startApp();
    const rest = restOf(app);
    await rest.post('/v1/users', { id: 'u1', first_name: 'Ada', email: 'ada@example.com', number: '+442071234567' });
    expect(await wordsOf(app, 'u1')).toEqual(
      ['#071', '#123', '#207', '#234', '#345', '#420', '#442', '#456', '#567', '#712', '442071234567'].concat([
        ...['ada', 'com', 'example', 'u1'],
      ]),
    );
    await rest.put('/v1/users/u1', { last_name: 'Obi', number: null });
    expect(await wordsOf(app, 'u1')).toEqual(['ada', 'com', 'example', 'obi', 'u1']);
    await rest.put('/v1/users/u1', { first_name: null, email: 'obi@mail.example' });
    expect(await wordsOf(app, 'u1')).toEqual(['example', 'mail', 'obi', 'u1']);
    await rest.put('/v1/users/u2', { first_name: 'Zoë' });
    expect(await wordsOf(app, 'u2')).toEqual(['u2', 'zoe']);
    await importUser(app, 'import@example.com');
    await rest.put('/v1/users/u3', { email: 'import@example.com' });
    expect(await wordsOf(app, 'u3')).toEqual(['com', 'example', 'import', 'u3']);
    await rest.delete('/v1/users/u3');
    expect(await uidsOf(app, 'import')).toEqual([]);
    expect(
      await app.db
        .$queryRaw`SELECT count(*)::int AS count FROM user_words WHERE workspace_id = ${app.workspaceId}::uuid`,
    ).toEqual([{ count: 2 }]);
  });

  it('are written only if one of their fields changes', async () => {
    await using app = await startApp();
    const { id } = await addUser(app, { uid: 'u1', firstName: 'Ada' });
    const version = async () =>
      app.db.$queryRawUnsafe(`SELECT xmin::text AS version FROM user_words
        WHERE workspace_id = '${app.workspaceId}' AND user_id = '${id}'`);
    const first = await version();
    await restOf(app).put('/v1/users/u1', { first_name: 'Ada', meta: { plan: 'pro' }, tz: 'Africa/Lagos' });
    expect(await version()).toEqual(first);
    await restOf(app).put('/v1/users/u1', { first_name: 'Eve' });
    expect(await version()).not.toEqual(first);
  });

  it('of long and many words are cut', async () => {
    await using app = await startApp();
    const name = `${'a b c '.repeat(40)}${'d'.repeat(15)}`;
    await addUser(app, {
      uid: 'x'.repeat(255),
      firstName: name,
      lastName: '日'.repeat(255),
      number: '1'.repeat(3_000),
    });
    expect((await wordsOf(app, 'x'.repeat(255))).toSorted()).toEqual(
      ['#111', '1'.repeat(100), 'a', 'b', 'c', 'd'.repeat(15), 'x'.repeat(100), '日'.repeat(100)].toSorted(),
    );
    expect(await uidsOf(app, 'x'.repeat(120))).toEqual(['x'.repeat(255)]);
  });

  it('are deleted with the workspace', async () => {
    await using app = await startApp();
    await addUser(app, { firstName: 'Ada' });
    await addUser({ ...app.stranger, db: app.db }, { firstName: 'Ada' });
    await requestDeletion(app.db, app.workspaceId);
    expect(await deleteWorkspace(app.db, app.workspaceId, { settleMs: 0 })).toMatchObject({ user_words: 1, users: 1 });
    const count = async (workspaceId: string) =>
      app.db.$queryRaw`SELECT count(*)::int AS count FROM user_words WHERE workspace_id = ${workspaceId}::uuid`;
    expect([await count(app.workspaceId), await count(app.stranger.workspaceId)]).toEqual([
      [{ count: 0 }],
      [{ count: 1 }],
    ]);
  });
});

describe('A search among many users', () => {
  /** Inserts more users than a search probes; the oldest ones have the name Vintage. */
  async function insertMany({ db, workspaceId }: App, count: number, vintage: number): Promise<void> {
    const step = 1_000;
    for (let first = 1; first <= count; first += step) {
      await db.$executeRaw`
      INSERT INTO users (workspace_id, id, uid, first_name, last_name, created_at, updated_at)
      SELECT ${workspaceId}::uuid, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'u' || n,
        CASE WHEN n <= ${vintage} THEN 'Vintage' ELSE 'Modern' END, 'Vin' || CASE WHEN n % 1000 = 1 THEN '' ELSE 'o' END, now(), now()
      FROM generate_series(${first}::int, ${Math.min(count, first + step - 1)}::int) AS n`;
    }
  }

  it('finds those who are not among the newest, in both directions', async () => {
    await using app = await startApp();
    // The planner expects one row for a workspace that the statistics do not contain.
    await addUser({ ...app.stranger, db: app.db }, { firstName: 'Ada' });
    await app.db.$executeRaw`ANALYZE users, user_words`;
    await insertMany(app, 6_000, 25);
    const newest = await readPage(app, { search: 'vintage' });
    expect(newest).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(newest.rows.map(({ uid }) => uid)).toEqual(Array.from({ length: 10 }, (_, index) => `u${25 - index}`));
    const oldest = await readPage(app, { search: 'vintag' }, { from: 'end' });
    expect(oldest.rows.map(({ uid }) => uid)).toEqual(Array.from({ length: 10 }, (_, index) => `u${10 - index}`));
    const exact = await readPage(app, { search: 'vin' });
    expect(exact.rows.map(({ uid }) => uid)).toEqual([
      'u5001',
      'u4001',
      'u3001',
      'u2001',
      'u1001',
      'u1',
      'u6000',
      'u5999',
      'u5998',
      'u5997',
    ]);
    const bound = { side: 'before' as const, id: rowId(5_999), sortKey: 'rest' };
    const back = await readPage(app, { search: 'vin' }, { from: 'end', size: 3, bound });
    expect(back.rows.map(({ uid }) => uid)).toEqual(['u1001', 'u1', 'u6000']);
    const { db, workspaceId } = app;
    await db.$executeRaw`DELETE FROM users WHERE workspace_id = ${workspaceId}::uuid AND id < ${rowId(5_900)}::uuid`;
    expect(await uidsOf(app, 'vintage')).toEqual([]);
  });

  it('stays right if users change their names between pages', async () => {
    await using app = await startApp();
    for (const [uid, firstName] of [
      ['u1', 'Ada'],
      ['u2', 'Adaeze'],
      ['u3', 'Ada'],
      ['u4', 'Adam'],
      ['u5', 'Ada'],
    ]) {
      await addUser(app, { uid, firstName });
    }
    const search = 'ada';
    const page = async (bound?: object) => readPage(app, { search }, { size: 2, ...(bound ? { bound } : {}) });
    const first = await page();
    expect(first.rows.map(({ uid }) => uid)).toEqual(['u5', 'u3']);
    const rest = restOf(app);
    // The user of the cursor no longer matches; another one moves among the exact matches, behind the cursor.
    await rest.put('/v1/users/u3', { first_name: 'Eve' });
    await rest.put('/v1/users/u2', { first_name: 'Ada' });
    const second = await page({ side: 'after', ...first.rows.at(-1) });
    expect(second).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(second.rows.map(({ uid }) => uid)).toEqual(['u2', 'u1']);
    await rest.delete('/v1/users/u1');
    const third = await page({ side: 'after', ...second.rows.at(-1) });
    expect(third).toMatchObject({ rows: [{ uid: 'u4' }], hasNextPage: false, hasPreviousPage: true });
  });

  it('reads a page with one statement, or two if many of the newest users match', async () => {
    await using app = await startApp();
    const read = () => restOf(app).get('/v1/users?search=ada');
    await read();
    const pagesOf = async () =>
      (await app.statementsOf(read)).filter((text) =>
        /\/\* (readRareMatches|readOrderedPage|hasRowsBeyond)/.test(text),
      );
    expect(await pagesOf()).toEqual([expect.stringContaining('/* readRareMatches users */')]);
    for (const uid of ['u1', 'u2', 'u3']) await addUser(app, { uid, firstName: 'Ada' });
    // Many of the newest users match.
    expect(await pagesOf()).toEqual([
      expect.stringContaining('/* readRareMatches users */'),
      expect.stringContaining('/* readOrderedPage users */'),
    ]);
  });
});
