import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { sendEvent } from '../../kit/raw-event.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await addUser(app, { uid: 'u144' });
});

type Properties = Record<string, string | number | boolean>;

/** The result of adding an event with these properties. */
async function add(properties: Properties) {
  return (await app.run(AddEvent, { input: { uid: 'u144', name: 'Paid', properties } })).addEvent;
}

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, place) => [`key${place}`, true]));

/** Properties of exactly this many bytes as JSON. */
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) });

describe('properties accept', () => {
  it.each<[string, Properties]>([
    ['100 keys', keys(100)],
    ['a key of 64 characters, regardless of bytes', { ['😀'.repeat(64)]: 1 }],
    ['16 KB in all', ofBytes(16 * 1024)],
    ['strings that look like JSON', { a: 'null', b: '{"c":1}' }],
  ])('%s', async (_what, properties) => {
    expect(await add(properties)).toMatchObject({ event: { properties } });
  });

  it('the keys __proto__, constructor and toString', async () => {
    const properties = '{"__proto__":"a","constructor":"b","toString":"c"}';
    expect(await sendEvent(app, { properties })).toHaveProperty('data.addEvent.__typename', 'AddEventPayload');
    const [row] = await app.db.$queryRaw<{ stored: string }[]>`
      SELECT properties::text AS stored FROM events WHERE workspace_id = ${app.workspaceId}::uuid`;
    expect(Object.entries(JSON.parse(row?.stored ?? '')).sort()).toEqual(Object.entries(JSON.parse(properties)).sort());
  });
});

describe('properties reject', () => {
  it.each<[string, Properties, string[], string]>([
    ['101 keys', keys(101), ['properties'], 'TOO_MANY'],
    ['more than 16 KB', ofBytes(16 * 1024 + 1), ['properties'], 'TOO_LARGE'],
    ['a key of 65 characters', { ['k'.repeat(65)]: 1 }, ['properties', 'k'.repeat(65)], 'INVALID_KEY'],
    ['U+0000 in a key', { 'k\0': 1 }, ['properties', 'k\0'], 'INVALID_KEY'],
    ['U+0000 in a value', { k: 'v\0' }, ['properties', 'k'], 'INVALID_CHARACTER'],
    ['an integer that is not safe', { k: 2 ** 53 }, ['properties', 'k'], 'UNSAFE_NUMBER'],
    ['half of a surrogate pair in a value', { k: 'v\ud800' }, ['properties', 'k'], 'INVALID_CHARACTER'],
  ])('%s', async (_what, properties, path, code) => {
    expect(await add(properties)).toMatchObject({ code: 'VALIDATION_FAILED', issues: [{ path, code }] });
    expect(await app.db.event.count()).toBe(0);
  });

  it.each(['{"k":null}', '{"k":{}}', '{"k":[]}', '[]', '"text"', '1'])('%s', async (properties) => {
    expect(await sendEvent(app, { properties })).toMatchObject({
      errors: [{ message: expect.stringContaining('properties'), extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(await app.db.event.count()).toBe(0);
  });
});
