import { isIP } from 'node:net';
import { z } from 'zod';

/** On or off. */
export const flag = z.stringbool({
  truthy: ['true', '1', 'on', 'yes'],
  falsy: ['false', '0', 'off', 'no'],
  error: 'must be on or off',
});

/** Digits alone: not `0x10`, `1e3`, or spaces, which would be 0. */
export const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  const number = z.number().min(min, { error }).max(max, { error });
  return z.string().regex(/^\d+$/, { error }).transform(Number).pipe(number);
};

/** With one point, nothing could ever be written. */
export const pointsPerMinute = wholeNumber(0, 1_000_000_000).refine((points) => points !== 1, {
  error: 'must be 0, or at least 2',
});

/** Proxies that are believed: their addresses or networks, with commas between them; `off`: none. */
export const proxies = z
  .string()
  .transform((text) => (text === 'off' ? [] : text.split(',').flatMap((part) => part.trim() || [])))
  .refine((networks) => networks.every(isNetwork), {
    error: 'must be off, or addresses of proxies such as 10.0.0.0/8, with commas between them',
  });

/** An address, or the first one of a network and the length of its prefix in bits. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 &&
    rest.length === 0 &&
    (bits === undefined || wholeNumber(1, version === 4 ? 32 : 128).safeParse(bits).success)
  );
}

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: ({ input }) => `must name origins such as https://app.example.com, not ${input}`,
});

/** Origins of browsers, with commas between them. */
export const origins = z
  .string()
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .pipe(z.array(origin));

/** Keys that anybody could replace on their way here would be no use. */
export const keysUrl = z.string().refine((text) => URL.canParse(text) && isSafe(new URL(text)), {
  error: 'must be an https address (or http on this machine)',
});

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
