import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAuthenticator } from '../../../src/auth/authenticate.ts';
import { createKey, limitKey, revokeKey } from '../../../src/auth/keys.ts';
import { KEY_CACHE_MS } from '../../../src/auth/ttl-cache.ts';
import { UnauthenticatedError } from '../../../src/auth/viewer.ts';
import { openDatabase, type ReadDb } from '../../../src/db/client.ts';
import { isUnavailable } from '../../../src/db/errors.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { createDatabase } from '../../kit/database.ts';

/** The cache's clock, in ms. */
let now: number;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const basic = (publicKey: string, secret = '') => `Basic ${Buffer.from(`${publicKey}:${secret}`).toString('base64')}`;

it('accepts a revoked key for at most KEY_CACHE_MS', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const authenticate = createAuthenticator(db);
  const { id } = await createWorkspace(db, 'Owner');
  const { publicKey } = await createKey(db, id, ['events:write']);
  await authenticate(basic(publicKey));
  await revokeKey(db, id, publicKey);
  now += KEY_CACHE_MS - 1;
  expect(await authenticate(basic(publicKey))).toMatchObject({ workspace: 'Owner' });
  // Using a key does not extend its TTL. The cache reads the clock at most once per millisecond.
  now += 2;
  await vi.waitFor(() => expect(authenticate(basic(publicKey))).rejects.toThrow(UnauthenticatedError));
});

it('accepts a new key within KEY_CACHE_MS, even if it was unknown before', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const authenticate = createAuthenticator(db);
  const { id } = await createWorkspace(db, 'Owner');
  const credentials = { publicKey: 'pk_1', secret: 'sk_1' };
  await expect(authenticate(basic('pk_1', 'sk_1'))).rejects.toThrow(UnauthenticatedError);
  await createKey(db, id, ['events:write'], credentials);
  now += KEY_CACHE_MS + 1;
  expect(await authenticate(basic('pk_1', 'sk_1'))).toMatchObject({ workspace: 'Owner' });
});

it('applies a changed limit within KEY_CACHE_MS', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const authenticate = createAuthenticator(db);
  const { id } = await createWorkspace(db, 'Owner');
  const { publicKey } = await createKey(db, id, ['events:write']);
  expect(await authenticate(basic(publicKey))).toMatchObject({ rateLimit: null });
  await limitKey(db, id, publicKey, { rateLimitPublic: 7 });
  now += KEY_CACHE_MS + 1;
  await vi.waitFor(async () => expect(await authenticate(basic(publicKey))).toMatchObject({ rateLimit: 7 }));
});

it('does not cache a database failure', async () => {
  await using database = await createDatabase();
  const { id } = await createWorkspace(database.db, 'Owner');
  await createKey(database.db, id, ['events:write'], { publicKey: 'pk_1', secret: 'sk_1' });
  await using nowhere = {
    db: openDatabase({ host: '127.0.0.1', port: 1 }),
    [Symbol.asyncDispose]: () => nowhere.db.$disconnect(),
  };
  let db: ReadDb = nowhere.db;
  const authenticate = createAuthenticator({ query: (text, ...values) => db.query(text, ...values) });
  const failure = await authenticate(basic('pk_1', 'sk_1')).catch((error: unknown) => error);
  expect(isUnavailable(failure)).toBe(true);
  db = database.db;
  expect(await authenticate(basic('pk_1', 'sk_1'))).toMatchObject({ workspace: 'Owner' });
});
