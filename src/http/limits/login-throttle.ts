import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { RateLimitedError } from './rate.ts';

const MINUTE_MS = 60_000;

/** Addresses that are remembered at the most: those that failed last. */
const ADDRESSES = 10_000;

/** Credentials that are remembered at the most, and for how long after they were right. */
const CREDENTIALS = 10_000;
const RIGHT_MS = 3_600_000;

/** Counts, by address, the callers who showed wrong credentials. */
export interface WrongCredentials {
  /** @throws {RateLimitedError} where too many came from there in a minute, unless these were right within the last hour. */
  check(address: string, authorization: string): void;
  /** These were wrong. @throws {RateLimitedError} where there are too many by now. */
  failed(address: string, authorization: string): void;
  /** These were right. */
  passed(authorization: string): void;
}

/** Counts in this process. @param limit wrong credentials a minute from an address. */
export function countWrongCredentials(limit: number): WrongCredentials {
  const failures = new LRUCache<string, number>({ max: ADDRESSES, ttl: MINUTE_MS, noUpdateTTL: true });
  // By digest, so that no secret is kept for longer than its request.
  const right = new LRUCache<string, true>({ max: CREDENTIALS, ttl: RIGHT_MS });
  const tooMany = (network: string) => {
    const seconds = Math.max(1, Math.ceil(failures.getRemainingTTL(network) / 1000));
    return new RateLimitedError('Too many wrong credentials came from this address', seconds);
  };
  return {
    check(address, authorization) {
      if (failures.size === 0) return;
      const network = networkOf(address);
      if ((failures.get(network) ?? 0) < limit || right.has(digestOf(authorization))) return;
      throw tooMany(network);
    },
    failed(address, authorization) {
      const network = networkOf(address);
      const count = (failures.get(network) ?? 0) + 1;
      failures.set(network, count);
      right.delete(digestOf(authorization));
      if (count > limit) throw tooMany(network);
    },
    passed: (authorization) => void right.set(digestOf(authorization), true),
  };
}

const digestOf = (authorization: string): string => hash('sha256', authorization, 'base64');

/** Longest text in characters that may stand for an address: a proxy passes on what it was told. */
const ADDRESS_MAXIMUM = 45;

/** An address of IPv4, or the /64 of an IPv6 one, all of which one caller may have. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address.slice(0, ADDRESS_MAXIMUM);
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = [], tail = []] = address.split('::').map(groupsOf);
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0') : [];
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}

/** The numbers of a part of an IPv6 address, each written in one way. */
function groupsOf(part: string): string[] {
  return part.split(':').flatMap((group) => (group === '' ? [] : Number.parseInt(group, 16).toString(16)));
}
