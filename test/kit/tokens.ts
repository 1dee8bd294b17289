import { createServer } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { TokenSettings } from '../../src/auth/tokens.ts';
import { listenOnFreePort } from './free-ports.ts';

/** Token settings without the keys. */
export const tokenSettings = {
  issuer: 'https://id.example',
  audience: 'usergraph',
  workspaceClaim: 'workspace',
  scopesClaim: 'scope',
  clockSkew: 10,
} satisfies Omit<TokenSettings, 'keys'>;

export const secret = 'a secret that the issuer shares with us';

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);

/** Claims of a token; undefined omits a claim. */
export type Claims = Record<string, unknown>;

/** Valid claims for a workspace, which expire after a minute. */
export const claimsOf = (workspace: string, overrides: Claims = {}): Claims => ({
  iss: tokenSettings.issuer,
  aud: tokenSettings.audience,
  sub: 'ada',
  exp: now() + 60,
  workspace,
  scope: 'users:read',
  ...overrides,
});

/**
 * Signs claims with the shared secret or the given key.
 * @returns the `Authorization` header.
 */
export async function bearer(
  claims: Claims,
  { key = new TextEncoder().encode(secret), ...header }: { key?: CryptoKey | Uint8Array; [name: string]: unknown } = {},
): Promise<string> {
  const signer = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header });
  return `Bearer ${await signer.sign(key)}`;
}

/** Starts an issuer's server, which publishes public keys. */
export async function startIssuer() {
  const keys = new Map<string, JWK>();
  let fetches = 0;
  let down = false;
  const server = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(down ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: [...keys.values()] }));
  });
  const port = await listenOnFreePort(server);
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks`,
    /** How often the keys were fetched. */
    fetches: () => fetches,
    /** Makes the server answer with 500, or normally again. */
    setDown: (isDown: boolean) => {
      down = isDown;
    },
    /** Generates a key pair and publishes the public key as `kid`. */
    async publish(kid: string, alg = 'RS256') {
      const pair = await generateKeyPair(alg, { extractable: true });
      const jwk = await exportJWK(pair.publicKey);
      keys.set(kid, { ...jwk, kid, alg, use: 'sig' });
      return { ...pair, jwk };
    },
    withdraw: (kid: string) => keys.delete(kid),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
