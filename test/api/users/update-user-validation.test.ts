import { afterAll, describe, expect, it } from 'vitest';
import type { UpdateUserInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { UpdateUser } from '../../kit/operations/users.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

const update = async (input: { uid: string; newUid?: string; removeMeta?: string[] }) =>
  (await app.run(UpdateUser, { input })).updateUser;

describe('uid: any printable string without /, 1 to 255 characters', () => {
  it.each([
    ['an e-mail address', 'a.jinadu@somecorp.email'],
    ['a dashed UUID', '5fc64772-41fc-4c31-a954-8e985fc64772'],
    ['a space and letters that are not ASCII', 'Ünï çødé'],
    ['signs of a URL', '用户|1#?%'],
    ['255 characters', 'x'.repeat(255)],
    ['255 characters of four bytes', '😀'.repeat(255)],
  ])('accepts %s', async (_what, uid) => {
    expect(await update({ uid })).toMatchObject({ created: true, user: { uid } });
    expect(await update({ uid })).toMatchObject({ created: false, user: { uid } });
  });

  it.each([
    ['nothing', '', 'TOO_SHORT'],
    ['256 characters', 'x'.repeat(256), 'TOO_LONG'],
    ['a slash', 'a/b', 'INVALID_UID'],
    ['a newline', 'a\nb', 'INVALID_CHARACTER'],
    ['an invisible character', 'a\u200bb', 'INVALID_CHARACTER'],
    ['half of a surrogate pair', 'a\ud800', 'INVALID_CHARACTER'],
    ['U+0000', 'a\0', 'INVALID_CHARACTER'],
  ])('rejects %s', async (_what, uid, code) => {
    const answer = await update({ uid });
    expect(answer).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect('issues' in answer && answer.issues).toContainEqual({ path: ['uid'], code });
  });

  it('applies to newUid as well', async () => {
    expect(await update({ uid: 'x', newUid: 'a/b' })).toMatchObject({
      issues: [{ path: ['newUid'], code: 'INVALID_UID' }],
    });
  });
});

describe('removeMeta: at most 100 keys of 1 to 64 characters', () => {
  it('accepts 100', async () => {
    expect(await update({ uid: 'x', removeMeta: Array<string>(100).fill('k'.repeat(64)) })).toMatchObject({
      user: { meta: {} },
    });
  });

  it.each([
    ['101 keys', Array<string>(101).fill('k'), ['removeMeta'], 'OUT_OF_RANGE'],
    ['an empty key', ['k', ''], ['removeMeta', '1'], 'INVALID_KEY'],
    ['a key of 65 characters', ['k'.repeat(65)], ['removeMeta', '0'], 'INVALID_KEY'],
    ['U+0000', ['k\0'], ['removeMeta', '0'], 'INVALID_KEY'],
  ])('rejects %s', async (_what, removeMeta, path, code) => {
    expect(await update({ uid: 'x', removeMeta })).toMatchObject({ issues: [{ path, code }] });
  });
});

it('reports every issue at once, each with its path, and creates nothing', async () => {
  const rows = await app.db.user.count();
  const input = {
    uid: 'a/b',
    newUid: 'c/d',
    firstName: '\0',
    lastName: '\0',
    number: '1',
    email: 'nobody',
    timeZone: 'Lagos',
    appVersion: '\0',
    appBuild: '\0',
    appLastActiveAt: '0000-01-01T00:00:00Z',
    device: { token: ' ', platform: 'IOS' as const },
    listIds: ['nonsense'],
    meta: { k: '\0' },
    createdAt: null,
    // Every boolean is valid.
  } satisfies Required<Omit<UpdateUserInput, 'isAccount' | 'removeMeta'>>;
  const { updateUser } = await app.run(UpdateUser, { input: { ...input, removeMeta: [''] } });
  const paths = 'issues' in updateUser ? updateUser.issues.map(({ path }) => path.join('.')) : [];
  expect([...new Set(paths)].sort()).toEqual([
    'appBuild',
    'appLastActiveAt',
    'appVersion',
    'createdAt',
    'device.token',
    'email',
    'firstName',
    'lastName',
    'listIds.0',
    'meta.k',
    'newUid',
    'number',
    'removeMeta.0',
    'timeZone',
    'uid',
  ]);
  expect(await app.db.user.count()).toBe(rows);
});
