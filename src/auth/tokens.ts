import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

/** Which tokens are accepted, and which claims hold the workspace and the scopes. */
export interface TokenSettings {
  /** Expected `iss` claim. */
  issuer: string;
  /** Expected `aud` claim, or one of its values. */
  audience: string;
  /** URL of the issuer's public keys (JWKS), or the secret shared with the issuer. */
  keys: { jwksUrl: string } | { secret: string };
  /** Name of the claim that holds the workspace id. */
  workspaceClaim: string;
  /** Name of the claim that holds the scopes: an array, or a space-separated string (RFC 8693, section 4.2). */
  scopesClaim: string;
  /** Tolerated clock skew in seconds. */
  clockSkew: number;
}

/** The claims of a verified token. */
interface TokenClaims {
  /** The `sub` claim. */
  subject: string;
  /** The workspace claim, unchecked; undefined if it is not a string. */
  workspaceId: string | undefined;
  /** The scopes claim, including scopes of other services. */
  scopes: string[];
}

/**
 * Verifies a token.
 * @returns undefined if the token is malformed, forged, expired, or issued for another audience.
 * @throws {KeysUnavailableError} if the issuer's keys cannot be fetched.
 */
export type VerifyToken = (token: string) => Promise<TokenClaims | undefined>;

/** The issuer's keys cannot be fetched at the moment. */
export class KeysUnavailableError extends Error {}

// Each type of key has its own algorithms, so that a public key cannot be used as an HMAC secret (algorithm confusion).
const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];

/** Subjects appear in responses, logs and rate-limit keys: 1 to 255 visible characters. */
const SUBJECT = /^[^\p{C}\p{Z}]{1,255}$/u;

/** How long fetched keys are cached. */
const JWKS_CACHE_MS = 600_000;
/** Minimum time between a fetch and the next one for an unknown key id. */
const COOLDOWN_MS = 30_000;

/** Creates the verifier. Public keys are fetched on first use, and again when a token names an unknown key. */
export function createVerifyToken(settings: TokenSettings, cooldownMs = COOLDOWN_MS): VerifyToken {
  const { issuer, audience, keys, clockSkew } = settings;
  const [getKey, algorithms] =
    'secret' in keys
      ? [secretKey(keys.secret), SECRET_ALGORITHMS]
      : [remoteKeys(keys.jwksUrl, cooldownMs), PUBLIC_KEY_ALGORITHMS];
  const options = { issuer, audience, algorithms, clockTolerance: clockSkew, requiredClaims: ['exp', 'sub'] };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, getKey, options);
      return toClaims(payload, settings);
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
      throw error;
    }
  };
}

function secretKey(secret: string): JWTVerifyGetKey {
  const key = new TextEncoder().encode(secret);
  return async () => key;
}

/** Looks up the issuer's public keys; distinguishes a failed fetch from a token that was not signed with any of the keys. */
function remoteKeys(url: string, cooldownDuration: number): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), { cacheMaxAge: JWKS_CACHE_MS, cooldownDuration });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      if (error instanceof errors.JOSENotSupported) throw error;
      throw new KeysUnavailableError(`Cannot fetch the token issuer's keys from ${url}.`, { cause: error });
    }
  };
}

function toClaims(payload: JWTPayload, { workspaceClaim, scopesClaim }: TokenSettings): TokenClaims | undefined {
  const claim = (name: string) => (Object.hasOwn(payload, name) ? payload[name] : undefined);
  const [workspaceId, scopes, subject] = [claim(workspaceClaim), claim(scopesClaim), payload.sub];
  if (typeof subject !== 'string' || !SUBJECT.test(subject)) return undefined;
  return {
    subject,
    workspaceId: typeof workspaceId === 'string' ? workspaceId : undefined,
    scopes: parseScopes(scopes),
  };
}

function parseScopes(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((scope) => typeof scope === 'string') : [];
}
