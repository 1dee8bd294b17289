import type { ApiKey } from '../auth/keys.ts';
import { scopes } from '../domain/scopes.ts';
import { shortInstant, table } from './output.ts';

/** Keys as people read them, a line each. */
export function tableOf(keys: readonly ApiKey[]): string {
  const rows = keys.map((key) => [
    key.publicKey,
    shortInstant(key.createdAt),
    shortInstant(key.revokedAt),
    limitsOf(key),
    key.scopes.length === scopes.length ? 'all' : key.scopes.join(', '),
  ]);
  return table(['PUBLIC KEY', 'CREATED', 'REVOKED', 'POINTS A MINUTE', 'SCOPES'], rows);
}

/** The limits of a key in words: with the secret, and with the public key alone. */
export function limitsOf({ rateLimit, rateLimitPublic }: ApiKey): string {
  const say = (points: number | null) => (points === 0 ? 'no limit' : (points ?? 'default'));
  return `${say(rateLimit)} / ${say(rateLimitPublic)}`;
}
