import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAuthenticator } from '../../../src/auth/authenticate.ts';
import { createKey, revokeKey, updateKey } from '../../../src/auth/keys.ts';
import { rotateSecret } from '../../../src/auth/rotate-keys.ts';
import { KEY_CACHE_MS } from '../../../src/auth/ttl-cache.ts';
import { UnauthenticatedError } from '../../../src/auth/viewer.ts';
import { openDatabase } from '../../../src/db/client.ts';
import { isUnavailable } from '../../../src/db/errors.ts';
import { requestDeletion } from '../../../src/domain/workspaces/delete.ts';
import { createWorkspace, renameWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
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

/** Two processes that have a key in their caches, with its secret. */
async function openProcesses() {
  const database = await createDatabase();
  const { db } = database;
  const { id: workspaceId } = await createWorkspace(db, 'Owner');
  const key = await createKey(db, workspaceId, ['users:read', 'events:write']);
  const processes = [createAuthenticator(db), createAuthenticator(db)];
  const logIn = (secret: string) =>
    Promise.all(processes.map((authenticate) => authenticate(basic(key.publicKey, secret)).catch(() => 'rejected')));
  await logIn(key.secret);
  /** The TTL of both caches passes. The cache reads the clock at most once per millisecond. */
  const passTtl = async () => {
    now += KEY_CACHE_MS + 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { ...database, workspaceId, key, logIn, passTtl };
}

it('applies changed scopes and names in every process within KEY_CACHE_MS', async () => {
  await using processes = await openProcesses();
  const { db, workspaceId, key, logIn, passTtl } = processes;
  await updateKey(db, workspaceId, key.publicKey, { scopes: ['users:read'] });
  await renameWorkspace(db, workspaceId, 'Renamed');
  await passTtl();
  const viewer = expect.objectContaining({ workspace: 'Renamed', scopes: new Set(['users:read']) });
  expect(await logIn(key.secret)).toEqual([viewer, viewer]);
});

it('rejects an expired key in every process within KEY_CACHE_MS, until its expiry is moved', async () => {
  await using processes = await openProcesses();
  const { db, workspaceId, key, logIn, passTtl } = processes;
  const viewer = expect.objectContaining({ keyId: key.id });
  await updateKey(db, workspaceId, key.publicKey, { expiresAt: new Date(Date.now() - 1_000) });
  await passTtl();
  expect(await logIn(key.secret)).toEqual(['rejected', 'rejected']);
  expect(await logIn('')).toEqual(['rejected', 'rejected']);
  await updateKey(db, workspaceId, key.publicKey, { expiresAt: null });
  await passTtl();
  expect(await logIn(key.secret)).toEqual([viewer, viewer]);
});

it('accepts both secrets during the overlap of a rotation, and only the new one after it', async () => {
  await using processes = await openProcesses();
  const { db, workspaceId, key, logIn, passTtl } = processes;
  const viewer = expect.objectContaining({ keyId: key.id });
  const previousExpiresAt = new Date(Date.now() + 60_000);
  const { secret } = await rotateSecret(db, workspaceId, key.publicKey, { previousExpiresAt });
  expect(await logIn(key.secret)).toEqual([viewer, viewer]);
  await passTtl();
  expect(await logIn(key.secret)).toEqual([viewer, viewer]);
  expect(await logIn(secret)).toEqual([viewer, viewer]);
  await db.$executeRaw`UPDATE api_keys SET previous_secret_expires_at = now() WHERE workspace_id = ${workspaceId}::uuid`;
  await passTtl();
  expect(await logIn(key.secret)).toEqual(['rejected', 'rejected']);
  expect(await logIn(secret)).toEqual([viewer, viewer]);
});

it('rejects the keys of a workspace that is being deleted within KEY_CACHE_MS', async () => {
  await using processes = await openProcesses();
  const { db, workspaceId, key, logIn, passTtl } = processes;
  await requestDeletion(db, workspaceId);
  await passTtl();
  expect(await logIn(key.secret)).toEqual(['rejected', 'rejected']);
});

it('applies a changed limit within KEY_CACHE_MS', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const authenticate = createAuthenticator(db);
  const { id } = await createWorkspace(db, 'Owner');
  const { publicKey } = await createKey(db, id, ['events:write']);
  expect(await authenticate(basic(publicKey))).toMatchObject({ rateLimit: null });
  await updateKey(db, id, publicKey, { rateLimitPublic: 7 });
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
  let { db } = nowhere;
  const authenticate = createAuthenticator({
    query: (text, ...values) => db.query(text, ...values),
    queryOnce: (statement) => db.queryOnce(statement),
    queryAnyWorkspace: (text, ...values) => db.queryAnyWorkspace(text, ...values),
  });
  const failure = await authenticate(basic('pk_1', 'sk_1')).catch((error: unknown) => error);
  expect(isUnavailable(failure)).toBe(true);
  db = database.db;
  expect(await authenticate(basic('pk_1', 'sk_1'))).toMatchObject({ workspace: 'Owner' });
});
