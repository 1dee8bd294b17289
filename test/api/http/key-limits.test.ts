import { expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { basic, startApp } from '../../kit/app.ts';

const query = '{ viewer { keyId } }';

it.each([
  ['more than is usual', 50, '50'],
  ['nothing at all', 0, undefined],
  ['what is usual', null, '9'],
])('holds a key to a limit of its own: %s', async (_name, limit, told) => {
  await using app = await startApp({ rateLimits: { secret: 9, publicKey: 9 } });
  const [one, two] = [{ rateLimit: limit }, { rateLimitPublic: limit }];
  const first = await createKey(app.db, app.workspaceId, scopes, undefined, one);
  const second = await createKey(app.db, app.workspaceId, scopes, undefined, two);
  const limitOf = async (caller: string) => (await app.send(query, {}, caller)).headers['ratelimit-limit'];
  expect(await limitOf(basic(first.publicKey, first.secret))).toBe(told);
  expect(await limitOf(basic(first.publicKey))).toBe('9');
  expect(await limitOf(basic(second.publicKey))).toBe(told);
});
