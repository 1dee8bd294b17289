import { Option } from 'commander';
import type { KeyLimits } from '../auth/keys.ts';
import { parsedBy } from './arguments.ts';
import { rateLimit } from './key-arguments.ts';

/** Points a minute, as they are given. Commander takes no null out of a parser. */
export type LimitOptions = { [Limit in keyof KeyLimits]: number | 'default' };

/** The limits that options ask for: null for the default, nothing for one that is to stay. */
export function toLimits({ rateLimit, rateLimitPublic }: LimitOptions): KeyLimits {
  const toPoints = (given: number | 'default' | undefined) => (given === 'default' ? null : given);
  return { rateLimit: toPoints(rateLimit), rateLimitPublic: toPoints(rateLimitPublic) };
}

/** The option that sets the points of one way in. */
export function limitOption(flag: '--rate-limit' | '--rate-limit-public'): Option {
  const whose = flag === '--rate-limit' ? 'with the secret' : 'with the public key alone';
  const option = new Option(`${flag} <POINTS>`, `points a minute ${whose}; 0: no limit; default: as configured`);
  return option.argParser(parsedBy(rateLimit));
}
