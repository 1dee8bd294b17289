import { ConfigError } from '../config/index.ts';
import { DomainError } from '../domain/shared/errors.ts';

/** Options of every command. */
export interface OutputOptions {
  json?: boolean;
}

/** Flags and description of `--json` for commander. */
export const jsonOption = ['--json', 'print the result as JSON'] as const;

/**
 * Prints a result as JSON or as text.
 * @throws {CliError} if standard output is closed.
 */
export async function print({ json }: OutputOptions, value: unknown, text: string): Promise<void> {
  await writeOutput(`${json ? JSON.stringify(value, null, 2) : text}\n`);
}

/**
 * Writes text, or its bytes, to standard output, and waits until it is written.
 * @throws {CliError} if standard output is closed.
 */
export async function writeOutput(text: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(new CliError(`Cannot write to standard output: ${error.message}`));
      else resolve();
    });
  });
}

/** Formats rows as aligned columns with titles. */
export function formatColumns(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ');
  return lines.map((line) => pad(line).trimEnd()).join('\n');
}

/** Formats an instant with a precision of seconds, and null as a dash. */
export function shortInstant(instant: Date | null): string {
  return instant ? `${instant.toISOString().slice(0, 19)}Z` : '-';
}

const MB = 1024 * 1024;

/** Formats a size in bytes as MB (2^20 bytes), and 0 as a dash. */
export const formatSize = (bytes: number) =>
  bytes === 0 ? '-' : `${(bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0)} MB`;

/** Formats example commands of a group for the end of its help. @param commands without the group, such as `list --json`. */
export function examples(group: string, ...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npm run cli -- ${group} ${command}`).join('\n')}`;
}

/** An expected failure. Its message is one line for the user. */
export class CliError extends Error {
  override name = 'CliError';
}

/** Describes a failed connection. The message contains the address without the password. */
export function toConnectionError(connectionString: string, error: unknown): CliError {
  const { host, pathname } = new URL(connectionString);
  return new CliError(`Cannot use the database at ${host}${pathname}: ${lastLine(error)}`, { cause: error });
}

/** Returns the message of a failure for the user. */
export function describeFailure(error: unknown): string {
  const isExpected = error instanceof CliError || error instanceof ConfigError || error instanceof DomainError;
  return isExpected ? error.message : lastLine(error);
}

/** Extracts the database's message: Prisma puts it at the end, in backticks, after the call and its source location. */
function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const line = text.trim().split('\n').at(-1) ?? text;
  return /^Raw query failed\. .*Message: `(.+)`$/.exec(line)?.[1] ?? line;
}
