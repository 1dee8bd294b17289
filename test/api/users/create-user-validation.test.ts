import { afterAll, describe, expect, it } from 'vitest';
import type { CreateUserInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { CreateUser } from '../../kit/operations/users.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

let users = 0;

async function create(input: Partial<CreateUserInput>) {
  users += 1;
  return (await app.run(CreateUser, { input: { uid: `u${users}`, ...input } })).createUser;
}

async function expectRejected(input: Partial<CreateUserInput>, path: string[], code: string) {
  const rows = await app.db.user.count();
  expect(await create(input)).toMatchObject({ code: 'VALIDATION_FAILED', issues: [{ path, code }] });
  expect(await app.db.user.count()).toBe(rows);
}

describe('uid: letters and digits only, 1 to 255 characters', () => {
  it.each([
    ['1 character', 'a'],
    ['255 characters', 'x'.repeat(255)],
    ['capitals', 'U144'],
    ['a digit alone', '0'],
  ])('accepts %s', async (_what, uid) => {
    expect(await create({ uid })).toMatchObject({ user: { uid } });
  });

  it.each([
    ['an empty text', ''],
    ['256 characters', 'x'.repeat(256)],
    ['an e-mail address', 'ada@example.com'],
    ['a dash', 'u-144'],
    ['a slash', 'u/144'],
    ['a space', 'u 144'],
    ['a trailing newline', 'u144\n'],
    ['a letter that is not ASCII', 'ué'],
    ['a digit that is not ASCII', 'u١'],
    ['U+0000', 'u\0'],
    ['half of a surrogate pair', 'u\ud800'],
  ])('rejects %s', async (_what, uid) => expectRejected({ uid }, ['uid'], 'INVALID_UID'));
});

describe('names: at most 255 characters', () => {
  it.each(['firstName', 'lastName'] as const)('%s: 255 characters, regardless of bytes', async (field) => {
    expect(await create({ [field]: '😀'.repeat(255) })).toMatchObject({ user: { [field]: '😀'.repeat(255) } });
    await expectRejected({ [field]: 'x'.repeat(256) }, [field], 'TOO_LONG');
  });

  it.each(['firstName', 'lastName'] as const)('%s: no U+0000 and no half of a surrogate pair', async (field) => {
    await expectRejected({ [field]: 'A\0' }, [field], 'INVALID_CHARACTER');
    await expectRejected({ [field]: 'A\udc00' }, [field], 'INVALID_CHARACTER');
  });
});

describe('number: international format with or without +, stored as E.164', () => {
  it.each(['+2348012345678', '2348012345678', '+234 801 234 5678', '234 (801) 234-5678', '234.801.234.5678'])(
    'stores %s as +2348012345678',
    async (number) => expect(await create({ number })).toMatchObject({ user: { number: '+2348012345678' } }),
  );

  it.each(['', '+', '123', '08012345678', '002348012345678', '++2348012345678', '+2348012345678 ext. 5', 'call me'])(
    'rejects "%s"',
    async (number) => expectRejected({ number }, ['number'], 'INVALID_NUMBER'),
  );

  it.each(['+23480123456789012345', '+٢٣٤٨٠١٢٣٤٥٦٧٨', '+2348012345678\0', '1'.repeat(70)])(
    'rejects %j',
    async (number) => expectRejected({ number }, ['number'], 'INVALID_NUMBER'),
  );
});

describe('email: one @, no spaces, 254 characters', () => {
  const longest = `${'x'.repeat(242)}@example.com`;

  it.each(['ada@example.com', 'Ada+news@Example.COM', 'ä@bücher.example', 'a@localhost', longest])(
    'stores %s unchanged',
    async (email) => expect(await create({ email })).toMatchObject({ user: { email } }),
  );

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'a@b@example.com',
    'ada lovelace@example.com',
    ' ada@example.com',
    'ada@example.com\n',
    'ada@example.com\0',
    'ada@\ud800example.com',
    `x${longest}`,
    'ada\u200b@example.com',
  ])('rejects %j', async (email) => {
    const rows = await app.db.user.count();
    const answer = await create({ email });
    const paths = 'issues' in answer ? answer.issues.map(({ path }) => path.join('.')) : [];
    expect(new Set(paths)).toEqual(new Set(['email']));
    expect(await app.db.user.count()).toBe(rows);
  });

  it.each([
    ['two @', 'a@b@example.com', 'INVALID_EMAIL'],
    ['a space', 'a da@example.com', 'INVALID_EMAIL'],
    ['255 characters', `x${longest}`, 'TOO_LONG'],
  ])('reports the issue of %s', async (_what, email, code) => expectRejected({ email }, ['email'], code));
});

describe('device: a token of 1 to 1024 visible ASCII characters', () => {
  it.each(['ANDROID', 'IOS'] as const)('accepts the platform %s', async (platform) => {
    const device = { token: platform.padEnd(1024, 'x'), platform };
    expect(await create({ device })).toMatchObject({ user: { devices: [device] } });
  });

  it.each([
    ['an empty text', ''],
    ['1025 characters', 'x'.repeat(1025)],
    ['a space', 'a b'],
    ['a character that is not ASCII', 'ä'],
    ['U+0000', 'a\0'],
  ])('rejects %s', async (_what, token) =>
    expectRejected({ device: { token, platform: 'IOS' } }, ['device', 'token'], 'INVALID_TOKEN'),
  );

  it('rejects another platform', async () => {
    const text =
      'mutation { createUser(input: { uid: "w", device: { token: "t", platform: WINDOWS } }) { __typename } }';
    expect(await app.send(text)).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
  });
});

it('reports every issue at once, each with its path, and creates nothing', async () => {
  const rows = await app.db.user.count();
  const answer = await create({
    uid: 'a/b',
    firstName: 'x'.repeat(256),
    lastName: '\0',
    number: '123',
    email: 'nobody',
    timeZone: 'Lagos',
    appVersion: 'x'.repeat(65),
    appBuild: 'a\nb',
    appLastActiveAt: '0000-01-01T00:00:00Z',
    device: { token: '', platform: 'IOS' },
    listIds: ['nonsense'],
    meta: { ['k'.repeat(65)]: 1, text: '\0' },
    createdAt: '0000-01-01T00:00:00Z',
    // Every boolean is valid.
  } satisfies Required<Omit<CreateUserInput, 'isAccount' | 'idempotencyKey'>>);
  if (!('issues' in answer)) throw new Error(answer.__typename);
  expect([...new Set(answer.issues.map(({ path }) => path.join('.')))].sort()).toEqual(
    [
      'appBuild',
      'appLastActiveAt',
      'appVersion',
      'createdAt',
      'device.token',
      'email',
      'firstName',
      'lastName',
      'listIds.0',
      `meta.${'k'.repeat(65)}`,
      'meta.text',
      'number',
      'timeZone',
      'uid',
    ].sort(),
  );
  expect(await app.db.user.count()).toBe(rows);
});
