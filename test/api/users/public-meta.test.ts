import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addUser, importUser } from '../../kit/factories.ts';
import { IdentifyUser, SignUpUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';

// The limits of `meta` (100 keys, 16 KB) apply to attributes that callers without `users:read` have sent for a user, and
// separately to all other attributes: neither part can be probed, or used up, through the other.

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

const UPDATED = 'UpdateUserPayload';
const TOO_MANY = 'meta: must have at most 100 keys';
const TOO_LARGE = 'meta: must have at most 16384 bytes as JSON';

/** The result of an update: the message of the error, or the type of the payload. */
async function update(caller: string, input: object): Promise<string> {
  const { updateUser } = await app.run(IdentifyUser, { input: { uid, ...input } }, caller);
  return 'message' in updateUser ? updateUser.message : updateUser.__typename;
}

const visitor = (input: object) => update(app.publicKey, input);
const backend = (input: object) => update(app.owner, input);

const userRow = () => app.db.user.findFirstOrThrow({ where: { workspaceId: app.workspaceId, uid } });
const storedKeys = async () => Object.keys(Object((await userRow()).meta)).length;

describe('hidden attributes do not reduce the limits of the public key', () => {
  it('for the number of keys', async () => {
    await addUser(app, { uid, meta: keys('hidden', 100) });
    expect(await visitor({ meta: keys('mine', 100) })).toBe(UPDATED);
    expect(await visitor({ meta: { other: true } })).toBe(TOO_MANY);
    expect(await visitor({ meta: { hidden0: false } })).toBe(TOO_MANY);
    expect(await storedKeys()).toBe(200);
  });

  it('for bytes', async () => {
    await addUser(app, { uid, meta: text('hidden', 16_000) });
    expect(await visitor({ meta: { a: half } })).toBe(UPDATED);
    expect(await visitor({ meta: { b: half } })).toBe(TOO_LARGE);
    expect(await visitor({ meta: { hidden: half } })).toBe(TOO_LARGE);
  });

  it('with REST', async () => {
    await addUser(app, { uid, meta: keys('hidden', 100) });
    const rest = restOf(app, app.publicKey);
    expect((await rest.put(`/v1/users/${uid}`, { meta: keys('mine', 100) })).status).toBe(200);
    expect(await rest.put(`/v1/users/${uid}`, { meta: { other: 1 } })).toMatchObject({ status: 400 });
  });

  it('in a transaction, because of a device or an address', async () => {
    await addUser(app, { uid, meta: keys('hidden', 100) });
    expect(await visitor({ meta: keys('mine', 60), device })).toBe(UPDATED);
    expect(await visitor({ meta: keys('more', 41), email: 'ada@example.com' })).toBe(TOO_MANY);
    expect(await visitor({ meta: keys('more', 40), email: 'ada@example.com' })).toBe(UPDATED);
  });

  it('or determine the number of statements', async () => {
    await addUser(app, { uid, meta: { ...keys('hidden', 99), text: half } });
    await visitor({ meta: { warm: true } });
    expect(await app.statementsOf(() => visitor({ meta: keys('mine', 10) }))).toHaveLength(1);
  });
});

describe('attributes that the public key has sent count against its limits', () => {
  it.each(['createUser', 'updateUser', 'POST', 'PUT'])('from the creation by %s', async (by) => {
    const meta = keys('mine', 100);
    const rest = restOf(app, app.publicKey);
    if (by === 'createUser') await app.run(SignUpUser, { input: { uid, meta } }, app.publicKey);
    if (by === 'updateUser') await visitor({ meta });
    if (by === 'POST') await rest.post('/v1/users', { id: uid, meta });
    if (by === 'PUT') await rest.put(`/v1/users/${uid}`, { meta });
    expect(await storedKeys()).toBe(100);
    expect(await visitor({ meta: { other: true } })).toBe(TOO_MANY);
    expect(await backend({ meta: keys('hidden', 100) })).toBe(UPDATED);
  });

  it('for every caller without users:read, including one who claims an imported user', async () => {
    const writer = await app.withScopes('users:identify', 'users:write');
    await importUser(app, `${uid}@example.com`, { meta: keys('hidden', 100) });
    expect(await update(writer, { email: `${uid}@example.com`, meta: keys('mine', 100) })).toBe(UPDATED);
    expect(await storedKeys()).toBe(200);
    expect(await visitor({ meta: { other: true } })).toBe(TOO_MANY);
  });

  it('until the public key removes them, one by one or all', async () => {
    await visitor({ meta: keys('mine', 100) });
    expect(await visitor({ meta: { other: true }, removeMeta: ['mine0'] })).toBe(UPDATED);
    expect(await visitor({ meta: { another: true } })).toBe(TOO_MANY);
    expect(await visitor({ meta: null })).toBe(UPDATED);
    expect(await visitor({ meta: keys('again', 100) })).toBe(UPDATED);
    expect(await storedKeys()).toBe(100);
  });

  it.each([{ removeMeta: ['secret'] }, { meta: null }])(
    'until a backend removes them: %j leaves no copy',
    async (removal) => {
      await visitor({ meta: { ...keys('mine', 99), secret: 'of the user' } });
      expect(await backend(removal)).toBe(UPDATED);
      expect(JSON.stringify(await userRow())).not.toContain('of the user');
      expect(await visitor({ meta: { other: true } })).toBe(UPDATED);
    },
  );

  it('if users of several callers are written by one statement', async () => {
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

describe('the public key does not reduce the limits of a backend', () => {
  it('for keys and bytes', async () => {
    await visitor({ meta: { ...keys('mine', 99), mine: half } });
    expect(await backend({ meta: keys('hidden', 99) })).toBe(UPDATED);
    expect(await backend({ meta: { hidden: half } })).toBe(UPDATED);
    expect(await backend({ meta: { other: true } })).toBe(TOO_MANY);
    expect(await backend({ meta: { hidden0: half } })).toBe(TOO_LARGE);
  });

  it('for a key that both have sent, which counts for the sender of the stored value', async () => {
    await visitor({ meta: keys('both', 100) });
    expect(await backend({ meta: { both0: half } })).toBe(UPDATED);
    expect(await backend({ meta: { both1: half } })).toBe(TOO_LARGE);
    expect(await visitor({ meta: { both0: false } })).toBe(UPDATED);
    expect(await backend({ meta: { both1: half } })).toBe(UPDATED);
    expect(await storedKeys()).toBe(100);
  });
});
