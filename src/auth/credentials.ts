import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What an `Authorization: Basic` header holds. */
export interface Credentials {
  publicKey: string;
  /** Undefined with the public key alone (`key:`). */
  secret: string | undefined;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Reads `Basic base64(key:secret)` or `base64(key:)`; returns nothing for any other header. */
export function parseBasic(header: string | undefined): Credentials | undefined {
  const encoded = BASIC.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const publicKey = decoded.slice(0, colon);
  if (colon < 1 || !/^[\x21-\x7e]{1,100}$/.test(publicKey)) return undefined;
  return { publicKey, secret: decoded.slice(colon + 1) || undefined };
}

/** A fresh pair; 144 random bits each, so that no two are alike. */
export function newCredentials(): { publicKey: string; secret: string } {
  const random = () => randomBytes(18).toString('base64url');
  return { publicKey: `pk_${random()}`, secret: `sk_${random()}` };
}

/** What is kept of a secret. A secret is random, so it needs no slow digest. */
export function digestSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', secret, 'buffer'));
}

/** Compares a secret with a digest in constant time. */
export function matchesDigest(secret: string, digest: Uint8Array): boolean {
  return timingSafeEqual(digestSecret(secret), digest);
}
