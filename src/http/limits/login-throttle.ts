import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { limitChannel } from '../../telemetry/channels.ts';
import { RateLimitedError } from './rate.ts';

/** Failures of an address are counted per minute. */
const WINDOW_MS = 60_000;

/** Maximum number of addresses to remember, most recent failures first. */
const MAX_ADDRESSES = 10_000;

/** Valid credentials to remember, and for how long. */
const MAX_VALID_CREDENTIALS = 10_000;
const VALID_CREDENTIALS_TTL_MS = 3_600_000;

/** Limits failed logins by the address of the client. Credentials are identified by the digest of their header. */
interface LoginThrottle {
  /**
   * Called before a login. Credentials that were valid within the last hour always pass.
   * @throws {RateLimitedError} if the address has reached the limit of the minute.
   */
  check(address: string, digest: string): void;
  /** Records a failed login. @throws {RateLimitedError} if concurrent logins have reached the limit in the meantime. */
  recordFailure(address: string, digest: string): void;
  /** Records a successful login. */
  recordSuccess(digest: string): void;
}

/** Creates a throttle for this process. @param limit failed logins per minute and address. */
export function createLoginThrottle(limit: number): LoginThrottle {
  const failures = new LRUCache<string, number>({ max: MAX_ADDRESSES, ttl: WINDOW_MS, noUpdateTTL: true });
  // Keyed by digest, so that no secret stays in memory after its request.
  const valid = new LRUCache<string, true>({ max: MAX_VALID_CREDENTIALS, ttl: VALID_CREDENTIALS_TTL_MS });
  const rejection = (network: string) => {
    limitChannel.publish({ reason: 'failed_logins' });
    const seconds = Math.max(1, Math.ceil(failures.getRemainingTTL(network) / 1000));
    return new RateLimitedError('Too many failed logins from this address', seconds);
  };
  return {
    check(address, digest) {
      if (failures.size === 0) return;
      const network = networkOf(address);
      if ((failures.get(network) ?? 0) < limit || valid.has(digest)) return;
      throw rejection(network);
    },
    recordFailure(address, digest) {
      const network = networkOf(address);
      const count = (failures.get(network) ?? 0) + 1;
      failures.set(network, count);
      valid.delete(digest);
      if (count > limit) throw rejection(network);
    },
    recordSuccess: (digest) => void valid.set(digest, true),
  };
}

/** Longest address in characters (IPv6 with an embedded IPv4 address); a proxy can forward arbitrary text. */
const MAX_ADDRESS_LENGTH = 45;

/** The IPv4 address, or the /64 prefix of an IPv6 address, since one client can use all addresses in it. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address.slice(0, MAX_ADDRESS_LENGTH);
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = [], tail = []] = address.split('::').map(groupsOf);
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0') : [];
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

/** The groups of a part of an IPv6 address, without leading zeros. */
function groupsOf(part: string): string[] {
  return part.split(':').flatMap((group) => (group === '' ? [] : Number.parseInt(group, 16).toString(16)));
}
