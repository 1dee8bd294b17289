import { SCATTER_STRIDE } from './database/fill.ts';

/**
 * Parses a program's arguments. With `--help`, prints the usage and exits.
 * @throws {Error} with the usage if an argument is invalid.
 */
export function withUsage<Options>(args: readonly string[], usage: string, parse: () => Options): Options {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parse();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

export function parseInteger(option: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Error(`--${option} must be an integer between ${min} and ${max}; got ${text}.`);
}

/** Parses `--users`. With a multiple of the stride, most users would have no devices or events. */
export function parseUserCount(text: string, max = 1_000_000): number {
  const users = parseInteger('users', text, 200, max);
  if (users % SCATTER_STRIDE > 0) return users;
  throw new Error(
    `--users must not be a multiple of ${SCATTER_STRIDE}, the stride by which rows are scattered; got ${users}. Use ${users + 1}, for example.`,
  );
}

/** Returns the items of a comma-separated list of names, in the order of `items`; without a list, all items. */
export function selectByName<Item extends { name: string }>(
  option: string,
  items: readonly Item[],
  list?: string,
): Item[] {
  if (list === undefined) return [...items];
  const names = new Set(list.split(','));
  for (const name of names) {
    if (items.some((item) => item.name === name)) continue;
    throw new Error(`--${option} must list some of ${items.map((item) => item.name).join(', ')}; got ${name}.`);
  }
  return items.filter(({ name }) => names.has(name));
}
