import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Costs, capacityOf, costsSchema } from './capacity/formula.ts';
import { capacityTable } from './capacity/table.ts';

const USAGE = `Usage: npm run capacity -- [--users N,…] [--costs FILE]

Prints what a deployment needs, as a table in Markdown: docs/capacity.md.

  --users N,…   numbers of users; 10000000,100000000,1000000000 by default
  --costs FILE  traffic and measured costs, in the form of scripts/capacity/costs.json, which is the default;
                a relative path starts at the root of the repository
  --help        print this text`;

const DEFAULT_COSTS = new URL('capacity/costs.json', import.meta.url);

/** A message for the person at the terminal. */
class UsageError extends Error {}

const MAX_USERS = 1_000_000_000_000;

function parseUsers(text: string): number[] {
  const users = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  const isValid = users.every((number) => number >= 1 && number <= MAX_USERS);
  if (isValid && new Set(users).size === users.length) return users;
  throw new UsageError(
    `--users must be different integers from 1 to ${MAX_USERS}, separated by commas; got ${JSON.stringify(text)}.`,
  );
}

/** Reads the costs of a file. @throws {UsageError} naming all invalid properties. */
function readCosts(file: string | URL): Costs {
  const parsed = costsSchema.safeParse(parseFile(file));
  if (parsed.success) return parsed.data;
  throw new UsageError(`${String(file)} is invalid:\n${z.prettifyError(parsed.error)}`);
}

function parseFile(file: string | URL): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`Cannot read ${String(file)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        users: { type: 'string', multiple: true },
        costs: { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    });
    return { users: single('users', values.users), costs: single('costs', values.costs), help: values.help };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** @throws {UsageError} if an option is given more than once. */
function single(name: string, values: readonly string[] = []): string | undefined {
  if (values.length > 1) throw new UsageError(`--${name} must be given once; got ${values.length} values.`);
  return values[0];
}

try {
  const { users = '10000000,100000000,1000000000', costs: file = DEFAULT_COSTS, help } = parseOptions();
  if (help) console.log(USAGE);
  else {
    const numbers = parseUsers(users);
    const costs = readCosts(file);
    console.log(capacityTable(numbers.map((number) => capacityOf(number, costs))));
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
