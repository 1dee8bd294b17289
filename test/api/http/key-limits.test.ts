import { expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { basic, startApp } from '../../kit/app.ts';

const query = '{ viewer { keyId } }';

it.each([
  ['a higher one', 50, '50'],
  ['none', 0, undefined],
  ['the default', null, '9'],
])('applies the limit of a key: %s', async (_name, limit, header) => {
  await using app = await startApp({ rateLimits: { secret: 9, publicKey: 9 } });
  const [one, two] = [{ rateLimit: limit }, { rateLimitPublic: limit }];
  const first = await createKey(app.db, app.workspaceId, scopes, undefined, one);
  const second = await createKey(app.db, app.workspaceId, scopes, undefined, two);
  const limitOf = async (caller: string) => (await app.send(query, {}, caller)).headers['ratelimit-limit'];
  expect(await limitOf(basic(first.publicKey, first.secret))).toBe(header);
  expect(await limitOf(basic(first.publicKey))).toBe('9');
  expect(await limitOf(basic(second.publicKey))).toBe(header);
});
