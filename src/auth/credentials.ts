import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The contents of an `Authorization: Basic` header. */
export interface Credentials {
  publicKey: string;
  /** Undefined for a public key alone (`key:`). */
  secret: string | undefined;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;
const PRINTABLE_ASCII = /^[\x21-\x7e]{1,100}$/;

/** The digest under which a valid `Authorization` header is remembered. */
export const digestOf = (authorization: string): string => hash('sha256', authorization, 'base64');

/** Parses `Basic base64(key:secret)` and `Basic base64(key:)`. Returns undefined for any other header. */
export function parseBasic(header: string): Credentials | undefined {
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const publicKey = decoded.slice(0, colon);
  if (colon < 1 || !PRINTABLE_ASCII.test(publicKey)) return undefined;
  return { publicKey, secret: decoded.slice(colon + 1) || undefined };
}

/** Generates a key pair. Each half has 144 random bits, so that collisions are practically impossible. */
export function newCredentials(): { publicKey: string; secret: string } {
  const random = () => randomBytes(18).toString('base64url');
  return { publicKey: `pk_${random()}`, secret: `sk_${random()}` };
}

/** The SHA-256 digest that is stored for a secret. Secrets are random, so a slow password hash is not needed. */
export function digestSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', secret, 'buffer'));
}

/** Whether a secret has one of the stored digests; compares in constant time. */
export function matchesDigest(secret: string, digests: readonly Uint8Array[]): boolean {
  const digest = digestSecret(secret);
  return digests.some((stored) => timingSafeEqual(digest, stored));
}
