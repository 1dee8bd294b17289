import { ConfigError } from '../config/index.ts';
import { DomainError } from '../domain/shared/errors.ts';

/** What every command takes. */
export interface OutputOptions {
  json?: boolean;
}

/** The option for machines, in commander's notation. */
export const jsonOption = ['--json', 'print one JSON document'] as const;

/**
 * Prints an answer: as one JSON document, or else as text.
 * @throws {CliError} where nobody reads it any more.
 */
export async function print({ json }: OutputOptions, value: unknown, text: string): Promise<void> {
  const output = json ? JSON.stringify(value, null, 2) : text;
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(`${output}\n`, (error) => {
      if (error) reject(new CliError(`The answer could not be written to the output: ${error.message}`));
      else resolve();
    });
  });
}

/** Rows under their titles, in columns as wide as they must be. */
export function formatColumns(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ');
  return lines.map((line) => pad(line).trimEnd()).join('\n');
}

/** An instant to the second, or a dash for none. */
export function shortInstant(instant: Date | null): string {
  return instant ? `${instant.toISOString().slice(0, 19)}Z` : '-';
}

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
