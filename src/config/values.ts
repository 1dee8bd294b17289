import { isIP } from 'node:net';
import { z } from 'zod';

/** A boolean variable. */
export const flag = z.stringbool({
  truthy: ['true', '1', 'on', 'yes'],
  falsy: ['false', '0', 'off', 'no'],
  error: 'must be on or off',
});

/** One of several values. */
export const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

/** An integer in decimal digits. Rejects `0x10`, `1e3` and blanks, all of which `Number()` accepts. */
export const wholeNumber = (min: number, max: number) => {
  const error = `must be an integer from ${min} to ${max}`;
  const number = z.number().min(min, { error }).max(max, { error });
  return z.string().regex(/^\d+$/, { error }).transform(Number).pipe(number);
};

const NOT_A_DATABASE_URL = 'must be a URL such as postgres://user:password@host:5432/database';

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** Addresses of PostgreSQL databases; the error names the entry, but not its value, which can contain a password. */
const postgresUrlArray = z.array(z.string()).superRefine((urls, { addIssue }) => {
  for (const [index, url] of urls.entries()) {
    if (postgresUrl.safeParse(url).success) continue;
    addIssue(urls.length === 1 ? NOT_A_DATABASE_URL : `entry ${index + 1} ${NOT_A_DATABASE_URL}`);
  }
});

/** The address of a PostgreSQL database, with one or several hosts: `postgres://user:password@host1:5432,host2:5432/database`. */
export const postgresUrls = z.string().transform(splitHosts).pipe(postgresUrlArray);

/** A comma-separated list of such addresses. A comma within a password is not a separator, since no URL begins after it. */
export const postgresUrlList = z
  .string()
  .transform((text) => text.split(/\s*,\s*(?=[a-z]+:\/\/)/).flatMap(splitHosts))
  .pipe(postgresUrlArray);

/** Returns one URL for each host of a URL. */
function splitHosts(url: string): string[] {
  const [, start = '', hosts = '', end = ''] =
    /^(postgres(?:ql)?:\/\/(?:[^/?]*@)?)([^@/?]*)(.*)$/s.exec(url.trim()) ?? [];
  if (!hosts.includes(',')) return [url.trim()];
  return hosts.split(',').map((host) => `${start}${host}${end}`);
}

/** The highest rate limit. */
export const MAX_POINTS_PER_MINUTE = 1_000_000_000;

/** A rate limit in points; 0: no limit. A write costs 2 points, so a limit of 1 would reject every write. */
export const pointsPerMinute = wholeNumber(0, MAX_POINTS_PER_MINUTE).refine((points) => points !== 1, {
  error: 'must be 0 (no limit) or at least 2',
});

/** Trusted proxies: a comma-separated list of addresses or networks, or `off`. */
export const proxies = z
  .string()
  .transform((text) => (text === 'off' ? [] : splitByComma(text)))
  .refine((networks) => networks.every(isNetwork), {
    error: 'must be off, or a comma-separated list of IP addresses and networks such as 10.0.0.0/8',
  });

/** An IP address, optionally with a prefix length. */
function isNetwork(text: string): boolean {
  const [address = '', prefixLength, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefixLength === undefined || wholeNumber(1, version === 4 ? 32 : 128).safeParse(prefixLength).success;
}

function splitByComma(text: string): string[] {
  return text.split(',').flatMap((part) => part.trim() || []);
}

/** A comma-separated list of browser origins. */
export const origins = z
  .string()
  .transform(splitByComma)
  .refine((values) => values.every((value) => URL.canParse(value) && new URL(value).origin === value), {
    error: 'must be a comma-separated list of origins such as https://app.example.com',
  });

/** URL of public keys. Over plain HTTP, an attacker on the network could replace the keys. */
export const keysUrl = z.string().refine((text) => URL.canParse(text) && isSecure(new URL(text)), {
  error: 'must be an https URL, or an http URL on localhost',
});

const isSecure = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
