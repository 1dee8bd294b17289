import { ConfigError } from '../config.ts';
import { DomainError } from '../domain/errors.ts';

/** A failure that its message, of one line, explains. */
export class CliError extends Error {
  override name = 'CliError';
}

/** A database that the first statement did not reach. The address is shown without the password. */
export function unreachable(connectionString: string, error: unknown): CliError {
  const { host, pathname } = new URL(connectionString);
  return new CliError(`Cannot use the database at ${host}${pathname}: ${lastLine(error)}`, { cause: error });
}

/** What a person is told of a failure. */
export function describeFailure(error: unknown): string {
  const expected = error instanceof CliError || error instanceof ConfigError || error instanceof DomainError;
  return expected ? error.message : lastLine(error);
}

/** Prisma puts the call and its place in the source first, and last, between backticks, what the database said. */
function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const line = text.trim().split('\n').at(-1) ?? text;
  return /^Raw query failed\. .*Message: `(.+)`$/.exec(line)?.[1] ?? line;
}
