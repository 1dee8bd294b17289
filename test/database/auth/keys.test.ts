import { expect, it } from 'vitest';
import { createKey, KeyStateError, listKeys, revokeKey, updateKey } from '../../../src/auth/keys.ts';
import { replaceKey, rotateSecret } from '../../../src/auth/rotate-keys.ts';
import { NotFoundError } from '../../../src/domain/shared/errors.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { openWorkerDatabase } from '../../kit/database.ts';

const HOUR_MS = 3_600_000;
const later = (hours: number) => new Date(Date.now() + hours * HOUR_MS);

async function openWithKey() {
  const database = await openWorkerDatabase();
  const { id: workspaceId } = await createWorkspace(database.db, 'Owner');
  const settings = { name: 'Backend', rateLimit: 100, expiresAt: later(48) };
  const key = await createKey(database.db, workspaceId, ['users:read'], undefined, settings);
  const actions = async () => {
    const entries = await database.db.change.findMany({ where: { workspaceId }, orderBy: { seq: 'asc' } });
    return entries.map(({ action, keyId, apiKeyId }) => [action, keyId, apiKeyId]);
  };
  return { ...database, workspaceId, key, actions };
}

it('are changed with one audit entry per change', async () => {
  await using owner = await openWithKey();
  const { db, workspaceId, key } = owner;
  const changed = await updateKey(db, workspaceId, key.publicKey, { name: 'Website', scopes: ['events:write'] });
  expect(changed).toMatchObject({ name: 'Website', scopes: ['events:write'], rateLimit: 100, state: 'active' });
  await rotateSecret(db, workspaceId, key.publicKey, { previousExpiresAt: later(1) });
  await revokeKey(db, workspaceId, key.publicKey);
  await revokeKey(db, workspaceId, key.publicKey);
  expect(await owner.actions()).toEqual([
    ['updateKey', 'cli', key.id],
    ['rotateKey', 'cli', key.id],
    ['revokeKey', 'cli', key.id],
  ]);
});

it('are rotated by one of 50 concurrent callers; the others would end the first secret early', async () => {
  await using owner = await openWithKey();
  const { db, workspaceId, key } = owner;
  const outcomes = await atOnce(50, () =>
    rotateSecret(db, workspaceId, key.publicKey, { previousExpiresAt: later(1) }).then(
      () => 'rotated',
      (error: unknown) => (error instanceof KeyStateError ? error.message.slice(0, 20) : String(error)),
    ),
  );
  expect(tally(outcomes)).toEqual({ rotated: 1, 'The previous secret ': 49 });
  expect(await owner.actions()).toHaveLength(1);
  const atOnceWithout = await rotateSecret(db, workspaceId, key.publicKey, { previousExpiresAt: null });
  expect(atOnceWithout).toMatchObject({ previousSecretExpiresAt: null });
});

it('are replaced by a key with the same name, scopes, limits and expiry', async () => {
  await using owner = await openWithKey();
  const { db, workspaceId, key } = owner;
  const end = later(1);
  const { key: next, replaced } = await replaceKey(db, workspaceId, key.publicKey, { previousExpiresAt: end });
  expect(replaced).toEqual({ ...replaced, id: key.id, expiresAt: end, state: 'active' });
  const { id: _id, publicKey: _publicKey, secret: _secret, createdAt: _createdAt, ...same } = key;
  expect(next).toMatchObject(same);
  expect([next.id, next.publicKey, next.secret]).not.toEqual([key.id, key.publicKey, key.secret]);
  expect(await owner.actions()).toEqual(
    expect.arrayContaining([
      ['createKey', 'cli', next.id],
      ['rotateKey', 'cli', key.id],
    ]),
  );
  // An expiry that is earlier than the end of the overlap is kept.
  await replaceKey(db, workspaceId, key.publicKey, { previousExpiresAt: later(2), expiresAt: null });
  expect((await listKeys(db, workspaceId)).map(({ expiresAt }) => expiresAt)).toEqual([end, key.expiresAt, null]);
});

it('are not changed once they are revoked, and not rotated once they are expired', async () => {
  await using owner = await openWithKey();
  const { db, workspaceId, key } = owner;
  const rotations = [rotateSecret, replaceKey].map(
    (rotate) => () => rotate(db, workspaceId, key.publicKey, { previousExpiresAt: null }),
  );
  await updateKey(db, workspaceId, key.publicKey, { expiresAt: new Date(0) });
  for (const rotate of rotations) await expect(rotate()).rejects.toThrow(/expired at 1970-01-01.*; set another expiry/);
  await revokeKey(db, workspaceId, key.publicKey);
  for (const rotate of rotations) await expect(rotate()).rejects.toThrow(/was revoked at .*; create a new key\./);
  await expect(updateKey(db, workspaceId, key.publicKey, { name: 'x' })).rejects.toThrow(KeyStateError);
  expect(await owner.actions()).toHaveLength(2);
  expect(await listKeys(db, workspaceId)).toMatchObject([{ state: 'revoked', name: 'Backend' }]);
});

it('are not changed from another workspace', async () => {
  await using owner = await openWithKey();
  const { db, key } = owner;
  const { id } = await createWorkspace(db, 'Other');
  await expect(updateKey(db, id, key.publicKey, { scopes: ['users:write'] })).rejects.toThrow(NotFoundError);
  await expect(rotateSecret(db, id, key.publicKey, { previousExpiresAt: null })).rejects.toThrow(NotFoundError);
  await expect(replaceKey(db, id, key.publicKey, { previousExpiresAt: null })).rejects.toThrow(NotFoundError);
  await expect(revokeKey(db, id, key.publicKey)).rejects.toThrow(NotFoundError);
  expect([await owner.actions(), await db.change.count({ where: { workspaceId: id } })]).toEqual([[], 0]);
});
