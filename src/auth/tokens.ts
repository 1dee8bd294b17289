import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

/** Which tokens are let in, and where they say what they may. */
export interface TokenSettings {
  /** `iss` of a token. */
  issuer: string;
  /** `aud` of a token, or one of them. */
  audience: string;
  /** Where the issuer's public keys are, or the secret that it shares with us. */
  keys: { jwksUrl: string } | { secret: string };
  /** Name of the claim with the id of the workspace. */
  workspaceClaim: string;
  /** Name of the claim with the scopes: a list, or a text with spaces between them (RFC 8693, 4.2). */
  scopesClaim: string;
  /** Seconds by which clocks may differ. */
  clockSkew: number;
}

/** What a token says, once it is verified. */
export interface TokenClaims {
  /** Whose token it is: `sub`. */
  subject: string;
  /** As the claim has it, or nothing where it is no text. */
  workspaceId: string | undefined;
  /** As the claim has them, other services' among them. */
  scopes: string[];
}

/**
 * Verifies a token.
 * @returns nothing where it is malformed, forged, expired, or not for us.
 * @throws {KeysUnavailableError} when the issuer's keys cannot be had.
 */
export type VerifyToken = (token: string) => Promise<TokenClaims | undefined>;

/** The issuer's keys cannot be fetched just now. */
export class KeysUnavailableError extends Error {}

// Each kind of key has algorithms of its own, so that nobody signs with a public key as if it were the secret.
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

/** A subject is told, logged and counted by: 1 to 255 visible characters. */
const SUBJECT = /^[^\p{C}\p{Z}]{1,255}$/u;

/** How long in ms keys are kept, and how soon after a fetch an unknown key makes for another. */
const KEYS_KEPT_MS = 600_000;
const COOLDOWN_MS = 30_000;

/** Makes the verifier. Keys are fetched when they are needed, and again for one that is not among them. */
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
      return claimsOf(payload, settings);
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

/** The issuer's keys, but that a failure to fetch them is told from a token that none of them has signed. */
function remoteKeys(url: string, cooldownDuration: number): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), { cacheMaxAge: KEYS_KEPT_MS, cooldownDuration });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      if (error instanceof errors.JOSENotSupported) throw error;
      throw new KeysUnavailableError(`The keys at ${url} cannot be had.`, { cause: error });
    }
  };
}

function claimsOf(payload: JWTPayload, { workspaceClaim, scopesClaim }: TokenSettings): TokenClaims | undefined {
  const claim = (name: string) => (Object.hasOwn(payload, name) ? payload[name] : undefined);
  const [workspaceId, scopes, subject] = [claim(workspaceClaim), claim(scopesClaim), payload.sub];
  if (typeof subject !== 'string' || !SUBJECT.test(subject)) return undefined;
  return {
    subject,
    workspaceId: typeof workspaceId === 'string' ? workspaceId : undefined,
    scopes:
      typeof scopes === 'string'
        ? scopes.split(' ')
        : Array.isArray(scopes)
          ? scopes.filter((scope) => typeof scope === 'string')
          : [],
  };
}
