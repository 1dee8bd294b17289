import { afterAll, expect, it } from 'vitest';
import { createVerifyToken } from '../../../src/auth/tokens.ts';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { copyPrisma, openEmptyDatabase } from '../../kit/migrations.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { CreateList } from '../../kit/operations/lists.ts';
import { CreateUser, UpdateUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';
import { bearer, claimsOf, secret, tokenSettings } from '../../kit/tokens.ts';

const WhoWrites = graphql(`query WhoWrites { viewer { keyId } }`);

const app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: { secret } }) });
afterAll(() => app[Symbol.asyncDispose]());

it('distinguishes a token whose subject is the id of a key from that key', async () => {
  const { keyId } = (await app.run(WhoWrites)).viewer;
  const scope = 'users:identify users:read users:write events:read events:write lists:read lists:write segments:read';
  const token = await bearer(claimsOf(app.workspaceId, { sub: keyId, scope }));
  expect((await app.run(WhoWrites, {}, token)).viewer.keyId).toBe(keyId);

  await addUser(app, { uid: 'ada' });
  for (const caller of [app.owner, token]) {
    await app.db.change.deleteMany();
    await app.run(UpdateUser, { input: { uid: 'ada', firstName: 'Ada' } }, caller);
    await app.run(UpdateUser, { input: { uid: 'ada', device: { token: 't', platform: 'IOS' } } }, caller);
    await app.run(AddEvent, { input: { uid: 'ada', name: 'Paid' } }, caller);
    await app.run(AddEvent, { input: { uid: 'ada', name: 'Paid', idempotencyKey: `k${caller.length}` } }, caller);
    const { createList } = await app.run(CreateList, { input: { title: 'News' } }, caller);
    const listIds = 'list' in createList ? [createList.list.id] : [];
    await app.run(CreateUser, { input: { uid: `u${caller.length}`, listIds } }, caller);
    await restOf(app, caller).put('/v1/users/ada', { first_name: 'Augusta' });
    const entries = await app.db.change.findMany();
    expect(entries).toHaveLength(9);
    const name = caller === token ? `token:${keyId}` : keyId;
    expect([...new Set(entries.map((entry) => entry.keyId))]).toEqual([name]);
  }
});

it('renames existing entries of tokens, and no others', async () => {
  await using database = await openEmptyDatabase();
  await using old = await copyPrisma();
  const names = await old.list();
  const renaming = names.find((name) => name.endsWith('_namespace_audit_actors')) ?? '';
  await using before = await copyPrisma({ until: renaming });
  await migrate(database, before.migrations);
  const [one, other] = ['01932f5e-0000-7000-8000-00000000000a', '01932f5e-0000-7000-8000-00000000000b'];
  const key = '01932f5e-0000-7000-8000-0000000000c1';
  await database.rows(`
    INSERT INTO workspaces (workspace_id, name, created_at) VALUES ('${one}', 'One', now()), ('${other}', 'Other', now());
    INSERT INTO api_keys (workspace_id, id, public_key, secret_digest, scopes, created_at, revoked_at)
      VALUES ('${one}', '${key}', 'pk_1', '\\x00', '{}', now(), now())`);
  const entries = [
    [one, key],
    [other, key],
    [one, 'ada'],
    [one, other],
    [one, 'token:x'],
  ];
  for (const [place, [workspace, keyId]] of entries.entries()) {
    await database.rows(`INSERT INTO audit_entries (workspace_id, id, at, key_id, action)
      VALUES ('${workspace}', '01932f5e-0000-7000-8000-00000000010${place}', now(), '${keyId}', 'addEvent')`);
  }
  await migrate(database);
  const rows = await database.rows('SELECT key_id FROM changes ORDER BY seq');
  expect(rows.map(({ key_id }) => key_id)).toEqual([
    key,
    `token:${key}`,
    'token:ada',
    `token:${other}`,
    'token:token:x',
  ]);
});
