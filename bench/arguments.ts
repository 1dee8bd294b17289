import { SCATTER } from './database/fill.ts';

/** Reads a program's arguments; with `--help`, prints its usage and ends. @throws with its usage, where one is wrong. */
export function withUsage<Options>(args: readonly string[], usage: string, read: () => Options): Options {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return read();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

/** A whole number within bounds. */
export function whole(name: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${text}`);
}

/** A number of users that the fill can give devices and events. */
export function userCount(text: string, max = 1_000_000): number {
  const users = whole('users', text, 200, max);
  if (users % SCATTER > 0) return users;
  throw new Error(`--users must not be a multiple of ${SCATTER}, by which the fill scatters rows: try ${users + 1}`);
}

/** Those that are named, in their own order; all, where none is. */
export function named<Thing extends { name: string }>(
  option: string,
  things: readonly Thing[],
  names?: string,
): Thing[] {
  if (names === undefined) return [...things];
  const wanted = new Set(names.split(','));
  for (const name of wanted) {
    if (!things.some((thing) => thing.name === name)) throw new Error(`--${option} knows no ${name}`);
  }
  return things.filter(({ name }) => wanted.has(name));
}
