import { expect, it } from 'vitest';
import { createKey, revokeKey } from '../../../src/auth/keys.ts';
import { rotateSecret } from '../../../src/auth/rotate-keys.ts';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { resetShardViews } from '../../kit/distribution.ts';

const WhoAmI = graphql(`
  query WhoAmI {
    viewer { workspace keyId scopes }
  }
`);

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

it('answers missing and invalid credentials of every kind with the same 401', async () => {
  await using app = await startApp();
  const { publicKey } = await createKey(app.db, app.workspaceId, ['users:read']);
  const revoked = await createKey(app.db, app.workspaceId, ['users:read']);
  const other = await createKey(app.db, app.stranger.workspaceId, ['users:read']);
  await revokeKey(app.db, app.workspaceId, revoked.publicKey);
  const expiresAt = new Date(Date.now() - 1_000);
  const expired = await createKey(app.db, app.workspaceId, ['users:read'], undefined, { expiresAt });
  const rotated = await createKey(app.db, app.workspaceId, ['users:read']);
  await rotateSecret(app.db, app.workspaceId, rotated.publicKey, { previousExpiresAt: null });
  const overlapped = await createKey(app.db, app.workspaceId, ['users:read']);
  await rotateSecret(app.db, app.workspaceId, overlapped.publicKey, { previousExpiresAt: expiresAt });
  const headers = {
    none: undefined,
    empty: '',
    noCredentials: 'Basic',
    bearer: 'Bearer abc',
    malformedBase64: 'Basic !!!',
    noColon: basic(publicKey),
    emptyKey: basic(':secret'),
    emptyPair: basic(':'),
    unknownKey: basic('pk_unknown:sk_unknown'),
    unknownPublicKey: basic('pk_unknown:'),
    wrongSecret: basic(`${publicKey}:sk_wrong`),
    secretOfAnotherKey: basic(`${publicKey}:${other.secret}`),
    secretWithMore: basic(`${other.publicKey}:${other.secret} `),
    revokedKey: basic(`${revoked.publicKey}:${revoked.secret}`),
    revokedPublicKey: basic(`${revoked.publicKey}:`),
    expiredKey: basic(`${expired.publicKey}:${expired.secret}`),
    expiredPublicKey: basic(`${expired.publicKey}:`),
    previousSecret: basic(`${rotated.publicKey}:${rotated.secret}`),
    previousSecretAfterOverlap: basic(`${overlapped.publicKey}:${overlapped.secret}`),
    nul: basic('\0:\0'),
    otherCase: basic(`${publicKey.toUpperCase()}:`),
  };
  for (const [kind, authorization] of Object.entries(headers)) {
    const response = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { ...(authorization === undefined ? {} : { authorization }) },
      payload: { query: '{ viewer { workspace } }' },
    });
    expect({ kind, status: response.statusCode, body: response.json() }).toEqual({
      ...{ kind, status: 401 },
      body: { errors: [{ message: expect.stringContaining('Basic'), extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    expect(response.headers['www-authenticate']).toMatch(/^Basic /);
  }
});

it('does not make a browser show its password dialog for a request of a script', async () => {
  await using app = await startApp();
  const challengeFor = async (headers: Record<string, string>) => {
    const responses = await Promise.all(
      ['/graphql?query={__typename}', '/v1/users/x'].map((url) => app.app.inject({ url, headers })),
    );
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([401, 401]);
    const [graphqlChallenge, restChallenge] = responses.map((response) => response.headers['www-authenticate']);
    expect(graphqlChallenge).toBe(restChallenge);
    return graphqlChallenge;
  };
  expect(await challengeFor({ 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' })).toBeUndefined();
  expect(await challengeFor({ 'sec-fetch-mode': 'cors' })).toBeUndefined();
  expect(await challengeFor({ 'sec-fetch-mode': 'same-origin' })).toBeUndefined();
  expect(await challengeFor({ 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' })).toBeUndefined();
  expect(await challengeFor({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })).toMatch(/^Basic /);
  expect(await challengeFor({})).toMatch(/^Basic /);
});

it('grants all scopes of the key with the secret', async () => {
  await using app = await startApp();
  const { id, publicKey, secret } = await createKey(app.db, app.workspaceId, ['users:read', 'lists:write']);
  expect(await app.run(WhoAmI, {}, basic(`${publicKey}:${secret}`))).toEqual({
    viewer: { workspace: 'Owner', keyId: id, scopes: ['users:read', 'lists:write'] },
  });
});

it('grants at most users:identify and events:write with a public key alone', async () => {
  await using app = await startApp();
  expect(await app.run(WhoAmI, {}, app.publicKey)).toMatchObject({
    viewer: { scopes: ['users:identify', 'events:write'] },
  });
});

it('grants no scope with a public key alone that the key lacks', async () => {
  await using app = await startApp();
  const { publicKey } = await createKey(app.db, app.workspaceId, ['events:write', 'users:read']);
  const readOnly = await createKey(app.db, app.workspaceId, ['users:read']);
  expect(await app.run(WhoAmI, {}, basic(`${publicKey}:`))).toMatchObject({ viewer: { scopes: ['events:write'] } });
  expect(await app.run(WhoAmI, {}, basic(`${readOnly.publicKey}:`))).toMatchObject({ viewer: { scopes: [] } });
});

it('accepts the scheme in any case', async () => {
  await using app = await startApp();
  for (const scheme of ['basic', 'BASIC', 'bAsIc']) {
    const { status } = await app.send(WhoAmI, {}, app.owner.replace('Basic', scheme));
    expect(status).toBe(200);
  }
});

it('looks a key up once for several requests', async () => {
  await using app = await startApp();
  const statements = await app.statementsOf(async () => {
    for (const caller of [app.owner, app.publicKey, app.owner]) await app.run(WhoAmI, {}, caller);
  });
  expect(statements.filter((sql) => sql.includes('api_keys'))).toHaveLength(1);
});

it('answers 503 while the key lookup fails, and does not cache the failure', async () => {
  await using app = await startApp({ ownDatabase: true });
  await app.db.$executeRaw`ALTER TABLE api_keys RENAME TO hidden`;
  await app.db.$executeRaw`CREATE FUNCTION down() RETURNS uuid LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION USING ERRCODE = ''57P03''; END'`;
  await app.db.$executeRaw`CREATE VIEW api_keys AS
    SELECT workspace_id, coalesce(down(), id) AS id, public_key, secret_digest, previous_secret_digest,
      previous_secret_expires_at, scopes, rate_limit, rate_limit_public, created_at, expires_at, revoked_at FROM hidden`;
  await resetShardViews(app.db);
  const { status, errors } = await app.send(WhoAmI);
  expect({ status, codes: errors?.map(({ extensions }) => extensions.code) }).toEqual({
    status: 503,
    codes: ['SERVICE_UNAVAILABLE'],
  });
  await app.db.$executeRaw`DROP VIEW api_keys`;
  await app.db.$executeRaw`ALTER TABLE hidden RENAME TO api_keys`;
  await resetShardViews(app.db);
  expect((await app.send(WhoAmI)).status).toBe(200);
});
