import { exportSPKI, generateKeyPair, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifyToken } from '../../../src/auth/tokens.ts';
import { requestDeletion } from '../../../src/domain/workspaces/delete.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { restOf } from '../../kit/rest.ts';
import { bearer, type Claims, claimsOf, now, secret, startIssuer, tokenSettings } from '../../kit/tokens.ts';

const whoAmI = '{ viewer { workspace keyId scopes } }';

type App = Awaited<ReturnType<typeof startApp>>;

const bytes = (text: string) => new TextEncoder().encode(text);

describe('with a shared secret', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: { secret } }) });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const ask = async (claims: Claims, signing?: Parameters<typeof bearer>[1]) =>
    app.send(whoAmI, {}, await bearer(claimsOf(app.workspaceId, claims), signing));

  it.each([
    ['a text', 'users:read  lists:read orders:read'],
    ['a list', ['users:read', 'lists:read', 'orders:read', 7]],
  ])('grants the known scopes of a claim that is %s', async (_kind, scope) => {
    const { data } = await ask({ scope });
    expect(data).toEqual({ viewer: { workspace: 'Owner', keyId: 'ada', scopes: ['users:read', 'lists:read'] } });
  });

  it.each([undefined, null, 7, {}, '', [['users:read']]])('grants no scope for the claim %s', async (scope) => {
    expect((await ask({ scope })).data).toMatchObject({ viewer: { scopes: [] } });
  });

  it('accepts one audience of several, and every HMAC algorithm', async () => {
    expect((await ask({ aud: ['orders', tokenSettings.audience] })).status).toBe(200);
    const key = bytes('x'.repeat(64));
    const verify = createVerifyToken({ ...tokenSettings, keys: { secret: 'x'.repeat(64) } });
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const header = await bearer(claimsOf('w'), { key, alg });
      expect(await verify(header.slice('Bearer '.length))).toMatchObject({ subject: 'ada', workspaceId: 'w' });
    }
  });

  it('gives access only to the workspace of the claim', async () => {
    const { uid } = await addUser(app);
    const find = `{ user(uid: "${uid}") { uid } }`;
    const own = await bearer(claimsOf(app.workspaceId));
    const foreign = await bearer(claimsOf(app.stranger.workspaceId));
    expect((await app.send(find, {}, own)).data).toEqual({ user: { uid } });
    expect((await app.send(find, {}, foreign)).data).toEqual({ user: null });
  });

  it('rejects tokens for a workspace that is being deleted', async () => {
    const { id } = await createWorkspace(app.db, 'Kept');
    const { id: deletedId } = await createWorkspace(app.db, 'Deleted');
    await requestDeletion(app.db, deletedId);
    expect((await app.send(whoAmI, {}, await bearer(claimsOf(id)))).status).toBe(200);
    const { status, errors } = await app.send(whoAmI, {}, await bearer(claimsOf(deletedId)));
    expect([status, errors?.map(({ extensions }) => extensions.code)]).toEqual([401, ['UNAUTHENTICATED']]);
  });

  it('enforces scopes before any SQL', async () => {
    const caller = await bearer(claimsOf(app.workspaceId, { scope: 'users:read' }));
    await app.send(whoAmI, {}, caller);
    const statements = await app.statementsOf(async () => {
      expect((await app.send('{ lists { totalCount } }', {}, caller)).status).toBe(403);
    });
    expect(statements).toEqual([]);
  });

  it('accepts tokens in the REST API', async () => {
    const { uid } = await addUser(app);
    const rest = restOf(app, await bearer(claimsOf(app.workspaceId)));
    expect(await rest.get(`/v1/users/${uid}`)).toMatchObject({ status: 200, body: { uid } });
    expect(await rest.delete(`/v1/users/${uid}`)).toMatchObject({ status: 403 });
  });

  it('tolerates limited clock skew', async () => {
    expect((await ask({ exp: now() - 5 })).status).toBe(200);
    expect((await ask({ nbf: now() + 5 })).status).toBe(200);
    expect((await ask({ exp: now() - 15 })).status).toBe(401);
    expect((await ask({ nbf: now() + 15 })).status).toBe(401);
  });

  it.each<[string, Claims]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'orders' }],
    ['without an audience', { aud: undefined }],
    ['without an expiry', { exp: undefined }],
    ['with an expiry that is not a number', { exp: 'tomorrow' }],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a subject of U+0000', { sub: 'a\u0000' }],
    ['with half of a surrogate pair for a subject', { sub: '\ud800' }],
    ['with a subject of 256 characters', { sub: 'x'.repeat(256) }],
    ['with a subject that is a number', { sub: 7 }],
    ['without a workspace', { workspace: undefined }],
    ['of a workspace that is not a UUID', { workspace: "' OR 1=1" }],
    ['of an unknown workspace', { workspace: '01932f5e-0000-7000-8000-000000000000' }],
    ['of two workspaces', { workspace: ['a', 'b'] }],
  ])('rejects a token %s', async (_what, claims) => {
    const { status, errors, headers } = await ask(claims);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(headers['www-authenticate']).toBe('Basic realm="usergraph", charset="UTF-8", Bearer realm="usergraph"');
  });

  it.each<[string, (token: string) => string]>([
    ['cut short', (token) => token.slice(0, -4)],
    ['without its signature', (token) => token.replace(/[^.]*$/, '')],
    ['of two parts', (token) => token.replace(/\.[^.]*$/, '')],
    ['that is not a JWT', () => 'x'],
    ['of many dots', () => '.'.repeat(1_000)],
    ['without JSON', () => 'eA.eA.eA'],
    [
      'with other claims under the same signature',
      (token) => token.replace(/\.[^.]*\./, `.${btoa(JSON.stringify(claimsOf('x'))).replace(/=+$/, '')}.`),
    ],
  ])('rejects a token %s', async (_what, spoil) => {
    const token = (await bearer(claimsOf(app.workspaceId))).slice('Bearer '.length);
    expect((await app.send(whoAmI, {}, `Bearer ${spoil(token)}`)).status).toBe(401);
  });

  it('rejects alg: none', async () => {
    const token = new UnsecuredJWT(claimsOf(app.workspaceId)).encode();
    expect((await app.send(whoAmI, {}, `Bearer ${token}`)).status).toBe(401);
    const [, claims] = token.split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      const forged = `Bearer ${btoa(JSON.stringify({ alg }))}.${claims}.`;
      expect((await app.send(whoAmI, {}, forged)).status).toBe(401);
    }
  });

  it('rejects another secret, a public-key algorithm, and unknown critical headers', async () => {
    const pair = await generateKeyPair('RS256');
    expect((await ask({}, { key: bytes('another secret of thirty-two bytes') })).status).toBe(401);
    expect((await ask({}, { key: pair.privateKey, alg: 'RS256' })).status).toBe(401);
    const critical = btoa(JSON.stringify({ alg: 'HS256', crit: ['x'], x: 1 }));
    const token = (await bearer(claimsOf(app.workspaceId))).replace(/^Bearer [^.]*/, `Bearer ${critical}`);
    expect((await app.send(whoAmI, {}, token)).status).toBe(401);
  });

  it('still accepts API keys', async () => {
    expect((await app.send(whoAmI)).status).toBe(200);
    expect((await app.send(whoAmI, {}, app.publicKey)).status).toBe(200);
  });
});

describe('with an issuer’s public keys', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('accepts a token signed with one of them: %s', async (alg) => {
    await using issuer = await startIssuer();
    await using app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: issuer }) });
    const { privateKey: key } = await issuer.publish('one', alg);
    const answer = await app.send(whoAmI, {}, await bearer(claimsOf(app.workspaceId), { key, alg, kid: 'one' }));
    expect(answer.data).toMatchObject({ viewer: { keyId: 'ada' } });
  });

  it('fetches them once, and again for an unknown key id', async () => {
    await using issuer = await startIssuer();
    await using app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: issuer }, 0) });
    const ask = async (key: CryptoKey, kid: string) =>
      (await app.send(whoAmI, {}, await bearer(claimsOf(app.workspaceId), { key, alg: 'RS256', kid }))).status;
    const one = await issuer.publish('one');
    expect([await ask(one.privateKey, 'one'), await ask(one.privateKey, 'one')]).toEqual([200, 200]);
    expect(issuer.fetches()).toBe(1);

    const two = await issuer.publish('two');
    issuer.withdraw('one');
    expect(await ask(two.privateKey, 'two')).toBe(200);
    expect(issuer.fetches()).toBe(2);
    expect(await ask(one.privateKey, 'one')).toBe(401);
  });

  it('fetches at most once per cooldown for unknown key ids', async () => {
    await using issuer = await startIssuer();
    await using app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: issuer }) });
    await issuer.publish('one');
    const { privateKey: key } = await generateKeyPair('RS256');
    for (const kid of ['a', 'b', 'c', 'd', 'one']) {
      const caller = await bearer(claimsOf(app.workspaceId), { key, alg: 'RS256', kid });
      expect((await app.send(whoAmI, {}, caller)).status).toBe(401);
    }
    expect(issuer.fetches()).toBe(1);
  });

  it('rejects the public key as an HMAC secret, and keys embedded in the token', async () => {
    await using issuer = await startIssuer();
    await using app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: issuer }) });
    const { publicKey, jwk } = await issuer.publish('one');
    const own = await generateKeyPair('RS256', { extractable: true });
    const claims = claimsOf(app.workspaceId);
    const forged = [
      await bearer(claims, { key: bytes(await exportSPKI(publicKey)), kid: 'one' }),
      await bearer(claims, { key: bytes(jwk.n ?? ''), kid: 'one' }),
      await bearer(claims, { key: own.privateKey, alg: 'RS256', kid: 'one', jwk }),
      await bearer(claims, { key: own.privateKey, alg: 'RS256', jku: issuer.jwksUrl }),
      `Bearer ${new UnsecuredJWT(claims).encode()}`,
    ];
    for (const caller of forged) expect((await app.send(whoAmI, {}, caller)).status).toBe(401);
  });

  it('answers 503 while the keys cannot be fetched, and recovers', async () => {
    await using issuer = await startIssuer();
    await using app = await startApp({ verifyToken: createVerifyToken({ ...tokenSettings, keys: issuer }) });
    const { privateKey: key } = await issuer.publish('one');
    const caller = await bearer(claimsOf(app.workspaceId), { key, alg: 'RS256', kid: 'one' });
    issuer.setDown(true);
    const { status, errors, headers } = await app.send(whoAmI, {}, caller);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
    expect(headers['retry-after']).toBe('1');
    expect((await app.send(whoAmI)).status).toBe(200);
    issuer.setDown(false);
    expect((await app.send(whoAmI, {}, caller)).status).toBe(200);
  });
});

it('rejects tokens if they are not configured', async () => {
  await using app = await startApp();
  const { status, headers } = await app.send(whoAmI, {}, await bearer(claimsOf(app.workspaceId)));
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toBe('Basic realm="usergraph", charset="UTF-8"');
});

it('counts the points of each subject separately', async () => {
  const verifyToken = createVerifyToken({ ...tokenSettings, keys: { secret } });
  await using app = await startApp({ verifyToken, rateLimits: { secret: 0, publicKey: 1 } });
  const statusOf = async (sub: string) =>
    (await app.send(whoAmI, {}, await bearer(claimsOf(app.workspaceId, { sub })))).status;
  expect([await statusOf('ada'), await statusOf('ada'), await statusOf('bo')]).toEqual([200, 429, 200]);
});
