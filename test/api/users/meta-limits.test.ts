import { afterAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { CreateUser, ReadUser } from '../../kit/operations/users.ts';

type Meta = Record<string, string | number | boolean>;

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

let users = 0;

async function create(meta: Meta) {
  users += 1;
  return (await app.run(CreateUser, { input: { uid: `u${users}`, meta } })).createUser;
}

/** Parses JSON, in which `__proto__` is an ordinary key. */
const json = (text: string): Meta => JSON.parse(text);

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, place) => [`key${place}`, true]));

/** Attributes of exactly this many bytes as JSON. */
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });

describe('meta accepts', () => {
  it.each([
    ['strings, numbers and booleans', { s: '', t: 'pro', n: 0, f: 12.99, e: -1.5e-7, b: false, c: true }],
    ['the greatest and the smallest number', { max: 2 ** 53 - 1, least: 1 - 2 ** 53, smallest: Number.MIN_VALUE }],
    ['strings that look like JSON', { a: 'null', b: '{"c":1}', d: '34' }],
    ['every printable key', { 'a key': 1, 'ключ.$': 2 }],
    ['an empty object', {}],
  ])('%s', async (_what, meta: Meta) => {
    const answer = await create(meta);
    expect('user' in answer && answer.user.meta).toEqual(meta);
  });

  it('100 keys', async () => expect(await create(keys(100))).toMatchObject({ user: { meta: keys(100) } }));

  it('a key of 64 characters, regardless of bytes', async () => {
    const meta = { ['😀'.repeat(64)]: 1 };
    expect(await create(meta)).toMatchObject({ user: { meta } });
  });

  it('16 KB in all', async () => {
    expect(await create(ofBytes(16 * 1024))).toMatchObject({ user: { meta: ofBytes(16 * 1024) } });
  });

  it('the keys __proto__, constructor and toString', async () => {
    const meta = json('{"__proto__":"a","constructor":"b","toString":"c"}');
    const answer = await create(meta);
    if (!('user' in answer)) throw new Error(answer.message);
    const { user } = await app.run(ReadUser, { uid: answer.user.uid });
    expect(Object.entries(user?.meta ?? {}).sort()).toEqual(Object.entries(meta).sort());
  });
});

describe('meta rejects', () => {
  it.each([
    ['101 keys', keys(101), ['meta'], 'TOO_MANY'],
    ['more than 16 KB', ofBytes(16 * 1024 + 1), ['meta'], 'TOO_LARGE'],
    ['an empty key', { '': 1 }, ['meta', ''], 'INVALID_KEY'],
    ['a key of 65 characters', { ['k'.repeat(65)]: 1 }, ['meta', 'k'.repeat(65)], 'INVALID_KEY'],
    ['U+0000 in a key', { 'k\0': 1 }, ['meta', 'k\0'], 'INVALID_KEY'],
    ['U+0000 in a value', { k: 'v\0' }, ['meta', 'k'], 'INVALID_CHARACTER'],
    ['an integer that is not safe', { k: 2 ** 53 }, ['meta', 'k'], 'UNSAFE_NUMBER'],
    ['half of a surrogate pair', { k: 'v\ud800' }, ['meta', 'k'], 'INVALID_CHARACTER'],
  ])('%s', async (_what, meta, path, code) => {
    expect(await create(meta)).toMatchObject({ issues: [{ path, code }] });
  });

  it('half of a surrogate pair in a key', async () => {
    expect(await create({ 'k\ud800': 1 })).toMatchObject({ issues: [{ code: 'INVALID_KEY' }] });
  });

  it.each(['{"k":null}', '{"k":{}}', '{"k":[]}', '[]', '"text"', '1'])('%s', async (meta) => {
    const rows = await app.db.user.count();
    const query = 'mutation ($meta: Attributes) { createUser(input: { uid: "x", meta: $meta }) { __typename } }';
    const payload = `{"query":${JSON.stringify(query)},"variables":{"meta":${meta}}}`;
    const headers = { 'content-type': 'application/json', authorization: app.owner };
    const response = await app.app.inject({ method: 'POST', url: '/graphql', headers, payload });
    expect(response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(await app.db.user.count()).toBe(rows);
  });
});
