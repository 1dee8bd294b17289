import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addUser, importUser } from '../../kit/factories.ts';
import { IdentifyUser, SignUpUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';

// The limits of `meta` (100 keys, 16 KB) apply to what callers without `users:read` have sent for a user, and separately to all other
// attributes: so neither can be found out, or used up, through the other.

type Meta = Record<string, string | number | boolean>;

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

let uid = '';
let users = 0;
beforeEach(() => {
  users += 1;
  uid = `u${users}`;
});

const keys = (prefix: string, count: number): Meta =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`${prefix}${place}`, true]));
const text = (key: string, length: number): Meta => ({ [key]: 'x'.repeat(length) });
const half = 'x'.repeat(9000);
const device = { token: 'token', platform: 'IOS' } as const;

const TAKEN = 'UpdateUserPayload';
const TOO_MANY = 'meta: must have at most 100 keys';
const TOO_LARGE = 'meta: must have at most 16384 bytes as JSON';

/** What comes of an update: the message of the error, or the payload's type. */
async function update(caller: string, input: object): Promise<string> {
  const { updateUser } = await app.run(IdentifyUser, { input: { uid, ...input } }, caller);
  return 'message' in updateUser ? updateUser.message : updateUser.__typename;
}

const visitor = (input: object) => update(app.publicKey, input);
const backend = (input: object) => update(app.owner, input);

const userRow = () => app.db.user.findFirstOrThrow({ where: { workspaceId: app.workspaceId, uid } });
const storedKeys = async () => Object.keys(Object((await userRow()).meta)).length;

describe('hidden attributes leave the public key', () => {
  it('all of its keys, and no more', async () => {
    await addUser(app, { uid, meta: keys('hidden', 100) });
    expect(await visitor({ meta: keys('mine', 100) })).toBe(TAKEN);
    expect(await visitor({ meta: { other: true } })).toBe(TOO_MANY);
    expect(await visitor({ meta: { hidden0: false } })).toBe(TOO_MANY);
    expect(await storedKeys()).toBe(200);
  });

  it('all of its bytes, and no more', async () => {
    await addUser(app, { uid, meta: text('hidden', 16_000) });
    expect(await visitor({ meta: { a: half } })).toBe(TAKEN);
    expect(await visitor({ meta: { b: half } })).toBe(TOO_LARGE);
    expect(await visitor({ meta: { hidden: half } })).toBe(TOO_LARGE);
  });

  it('the same by REST', async () => {
    await addUser(app, { uid, meta: keys('hidden', 100) });
    const rest = restOf(app, app.publicKey);
    expect((await rest.put(`/v1/users/${uid}`, { meta: keys('mine', 100) })).status).toBe(200);
    expect(await rest.put(`/v1/users/${uid}`, { meta: { other: 1 } })).toMatchObject({ status: 400 });
  });

  it('the same where a device or an address makes it a transaction', async () => {
    await addUser(app, { uid, meta: keys('hidden', 100) });
    expect(await visitor({ meta: keys('mine', 60), device })).toBe(TAKEN);
    expect(await visitor({ meta: keys('more', 41), email: 'ada@example.com' })).toBe(TOO_MANY);
    expect(await visitor({ meta: keys('more', 40), email: 'ada@example.com' })).toBe(TAKEN);
  });

  it('the same number of statements, however much there is', async () => {
    await addUser(app, { uid, meta: { ...keys('hidden', 99), text: half } });
    await visitor({ meta: { warm: true } });
    expect(await app.statementsOf(() => visitor({ meta: keys('mine', 10) }))).toHaveLength(1);
  });
});

describe('what the public key has sent counts', () => {
  it.each(['createUser', 'updateUser', 'POST', 'PUT'])('from the creation on, by %s', async (by) => {
    const meta = keys('mine', 100);
    const rest = restOf(app, app.publicKey);
    if (by === 'createUser') await app.run(SignUpUser, { input: { uid, meta } }, app.publicKey);
    if (by === 'updateUser') await visitor({ meta });
    if (by === 'POST') await rest.post('/v1/users', { id: uid, meta });
    if (by === 'PUT') await rest.put(`/v1/users/${uid}`, { meta });
    expect(await storedKeys()).toBe(100);
    expect(await visitor({ meta: { other: true } })).toBe(TOO_MANY);
    expect(await backend({ meta: keys('hidden', 100) })).toBe(TAKEN);
  });

  it('for any caller without users:read, one who gives an imported user their uid as well', async () => {
    const writer = await app.withScopes('users:identify', 'users:write');
    await importUser(app, `${uid}@example.com`, { meta: keys('hidden', 100) });
    expect(await update(writer, { email: `${uid}@example.com`, meta: keys('mine', 100) })).toBe(TAKEN);
    expect(await storedKeys()).toBe(200);
    expect(await visitor({ meta: { other: true } })).toBe(TOO_MANY);
  });

  it('until the public key removes it, or all there is', async () => {
    await visitor({ meta: keys('mine', 100) });
    expect(await visitor({ meta: { other: true }, removeMeta: ['mine0'] })).toBe(TAKEN);
    expect(await visitor({ meta: { another: true } })).toBe(TOO_MANY);
    expect(await visitor({ meta: null })).toBe(TAKEN);
    expect(await visitor({ meta: keys('again', 100) })).toBe(TAKEN);
    expect(await storedKeys()).toBe(100);
  });

  it.each([{ removeMeta: ['secret'] }, { meta: null }])(
    'until a backend removes it: %j leaves no copy',
    async (removal) => {
      await visitor({ meta: { ...keys('mine', 99), secret: 'of the user' } });
      expect(await backend(removal)).toBe(TAKEN);
      expect(JSON.stringify(await userRow())).not.toContain('of the user');
      expect(await visitor({ meta: { other: true } })).toBe(TAKEN);
    },
  );

  it('where users of several callers are written together', async () => {
    const names = Array.from({ length: 20 }, (_, place) => `${uid}x${place}`);
    for (const name of names) await addUser(app, { uid: name, meta: { hidden: 1 } });
    await atOnce(20, (place) => {
      const input = {
        uid: names[place] ?? '',
        ...(place % 4 === 3 ? { removeMeta: ['hidden'] } : { meta: { sent: 1 } }),
      };
      return app.run(IdentifyUser, { input }, place % 2 === 0 ? app.publicKey : app.owner);
    });
    const rows = await app.db.user.findMany({ where: { uid: { startsWith: `${uid}x` } }, orderBy: { id: 'asc' } });
    const expected = [
      { meta: { hidden: 1, sent: 1 }, publicMeta: { sent: 1 } },
      { meta: { hidden: 1, sent: 1 }, publicMeta: {} },
      { meta: { hidden: 1, sent: 1 }, publicMeta: { sent: 1 } },
      { meta: {}, publicMeta: {} },
    ];
    expect(rows).toMatchObject(names.map((name, place) => ({ uid: name, ...expected[place % 4] })));
  });
});

describe('the public key leaves a backend', () => {
  it('all of its keys and bytes, and no more', async () => {
    await visitor({ meta: { ...keys('mine', 99), mine: half } });
    expect(await backend({ meta: keys('hidden', 99) })).toBe(TAKEN);
    expect(await backend({ meta: { hidden: half } })).toBe(TAKEN);
    expect(await backend({ meta: { other: true } })).toBe(TOO_MANY);
    expect(await backend({ meta: { hidden0: half } })).toBe(TOO_LARGE);
  });

  it('what it overwrites: a key that both have sent counts for whose value is stored', async () => {
    await visitor({ meta: keys('both', 100) });
    expect(await backend({ meta: { both0: half } })).toBe(TAKEN);
    expect(await backend({ meta: { both1: half } })).toBe(TOO_LARGE);
    expect(await visitor({ meta: { both0: false } })).toBe(TAKEN);
    expect(await backend({ meta: { both1: half } })).toBe(TAKEN);
    expect(await storedKeys()).toBe(100);
  });
});
