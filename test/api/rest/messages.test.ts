import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { restOf } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app[Symbol.asyncDispose]());

it.each<[object, string]>([
  [{}, 'id is required'],
  [{ id: 'a', lists: ['x'] }, 'lists.0 must be a UUID'],
  [{ id: 'a', device_token: 't', device_platform: 'iOS' }, 'device_platform must be one of android, ios'],
  [{ id: 'a', first_name: 1 }, 'first_name must be of type string; got number'],
  [[], 'The body must be a JSON object'],
])('rejects %j: %s', async (body, error) => {
  expect(await restOf(app).post('/v1/users', body)).toMatchObject({ status: 400, body: { error } });
});
