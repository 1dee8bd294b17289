import { afterAll, beforeEach, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { inject } from '../../kit/rest.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.user.deleteMany();
  await addUser(app, { uid: 'ada' });
});

const BIG = '7234567890123456789';

/** Attributes that cannot be stored are errors. */
const strict = { prefer: 'handling=strict' };

function send(method: 'POST' | 'PUT', url: string, payload: string, extra: Record<string, string> = strict) {
  const headers = { authorization: app.owner, 'content-type': 'application/json', ...extra };
  return inject(app, { method, url, headers, payload });
}

const unsafe = (source: string, ...path: string[]) => ({
  path,
  code: 'UNSAFE_NUMBER',
  message: expect.stringContaining(`got ${source}. Send it as a string.`),
});

const rejected = (...issues: object[]) => ({
  status: 400,
  body: { code: 'VALIDATION_FAILED', error: expect.not.stringContaining('[object'), issues },
});

it.each([BIG, `-${BIG}`, '1e400', '1e-400', '0.1234567890123456789', '1e20'])('rejects %s in meta', async (number) => {
  expect(await send('PUT', '/v1/users/ada', `{"meta":{"accountId":${number}}}`)).toEqual(
    rejected(unsafe(number, 'meta', 'accountId')),
  );
  expect(await app.db.user.findFirstOrThrow()).toMatchObject({ meta: {} });
});

it('leaves them out of meta and names them, unless the caller asks for strictness', async () => {
  expect(await send('PUT', '/v1/users/ada', `{"meta":{"accountId":${BIG},"plan":"pro"}}`, {})).toMatchObject({
    status: 200,
    body: { meta: { plan: 'pro' }, ignored: [unsafe(BIG, 'meta', 'accountId')] },
  });
});

it('rejects them in the value and the properties of an event, with all other errors', async () => {
  const body = `{"event":"","value":${BIG},"properties":{"a":${BIG},"b":1}}`;
  const { body: response } = await send('POST', '/v1/users/ada/events', body);
  expect(response).toMatchObject({
    issues: expect.arrayContaining([
      expect.objectContaining({ path: ['event'] }),
      unsafe(BIG, 'value'),
      unsafe(BIG, 'properties', 'a'),
    ]),
  });
});

it('rejects them where a number is accepted as text', async () => {
  expect(await send('POST', '/v1/users', `{"id":${BIG},"number":1e21}`)).toEqual(
    rejected(unsafe(BIG, 'id'), unsafe('1e21', 'number')),
  );
  expect(await send('PUT', '/v1/users/ada', `{"id":${BIG}}`)).toEqual(rejected(unsafe(BIG, 'id')));
});

it.each(['first_name', 'email', 'device_token', 'lists', 'created_at', 'meta'])('rejects them as %s', async (name) => {
  expect(await send('POST', '/v1/users', `{"id":"bo","${name}":${BIG}}`)).toMatchObject({
    status: 400,
    body: {
      error: expect.not.stringContaining('UnsafeNumber'),
      issues: expect.arrayContaining([expect.objectContaining({ path: [name], code: 'INVALID_TYPE' })]),
    },
  });
});

it('rejects them as the whole body', async () => {
  expect(await send('PUT', '/v1/users/ada', BIG)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
});

it('accepts every number that a 64-bit float preserves', async () => {
  const meta = '{"a":0.1,"b":1.10,"c":1e3,"d":0.30000000000000004,"e":-0,"f":0e5,"g":9007199254740991}';
  expect(await send('PUT', '/v1/users/ada', `{"meta":${meta},"number":2348012345678}`)).toMatchObject({
    status: 200,
    body: {
      meta: { a: 0.1, b: 1.1, c: 1000, d: 0.30000000000000004, e: 0, f: 0, g: 9007199254740991 },
      number: '+2348012345678',
    },
  });
});

it('names such a number, but not its path, in a very long body', async () => {
  const deep = `{"a":1e400,"meta":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  expect(await send('PUT', '/v1/users/ada', deep)).toEqual({
    status: 400,
    body: {
      error: 'The body could not be parsed. The number 1e400 would be changed by a 64-bit float; send it as a string.',
      code: 'BAD_USER_INPUT',
    },
  });
});

it('do not make two inputs equal under an idempotency key', async () => {
  const add = (value: string) =>
    send('POST', '/v1/users/ada/events', `{"event":"Paid","value":${value}}`, { 'idempotency-key': 'k' });
  expect(await add(BIG)).toMatchObject({ status: 400 });
  expect(await add(`"${BIG}"`)).toMatchObject({ status: 200 });
  expect(await add('"7234567890123456790"')).toMatchObject({ status: 422 });
});
