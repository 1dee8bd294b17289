import { access, open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ExportFormat } from '../domain/transfer/export-formats.ts';
import { CliError, writeOutput } from './output.ts';

/** The path that stands for standard output. */
export const STANDARD_OUTPUT = '-';

/** Where an export is written to. */
export interface ExportTarget {
  format: ExportFormat;
  /** Writes all bytes, compressed if the name says so. @throws {CliError} if they cannot be written. */
  write(bytes: AsyncIterable<Buffer>): Promise<void>;
}

interface TargetOptions {
  /** That of the name of the file if undefined. */
  format: ExportFormat | undefined;
  /** Whether an existing file is replaced. */
  force: boolean;
}

const extensions: readonly [extension: RegExp, format: ExportFormat][] = [
  [/\.csv$/i, 'csv'],
  [/\.(?:ndjson|jsonl)$/i, 'ndjson'],
];

const GZIP = /\.gz$/i;

/** @throws {CliError} if the file exists, or its name does not say which format it has. */
export async function openTarget(path: string, { format, force }: TargetOptions): Promise<ExportTarget> {
  if (path === STANDARD_OUTPUT) return { format: format ?? 'ndjson', write: writeToStandardOutput };
  const name = path.replace(GZIP, '');
  const [, found] = extensions.find(([extension]) => extension.test(name)) ?? [];
  const chosen = format ?? found;
  if (!chosen) throw new CliError(`Use --format csv or --format ndjson: the name ${path} ends in neither.`);
  if (!force && (await exists(path))) throw new CliError(`${path} exists; use --force to replace it.`);
  return { format: chosen, write: (bytes) => writePrivateFile(path, bytes) };
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function writeToStandardOutput(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const part of bytes) await writeOutput(part);
}

/**
 * Writes a file that only its owner can read, since it has personal data, compressed if its name ends in `.gz`. It exists under its
 * name only if it is complete; until then, its name ends in `.partial`.
 * @throws {CliError} if it cannot be written.
 */
export async function writePrivateFile(path: string, bytes: AsyncIterable<Buffer | string>): Promise<void> {
  const partial = `${path}.partial`;
  try {
    // Left by an export that was killed.
    await rm(partial, { force: true });
    await writePartial(partial, bytes, GZIP.test(path));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    const isOfFile = error instanceof Error && 'syscall' in error && 'path' in error;
    throw isOfFile ? new CliError(`Cannot write ${path}: ${error.message}`) : error;
  }
}

async function writePartial(path: string, bytes: AsyncIterable<Buffer | string>, isCompressed: boolean): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  const write = (parts: AsyncIterable<Buffer | string>) => file.writeFile(parts);
  await (isCompressed ? pipeline(bytes, createGzip(), write) : write(bytes));
  await file.sync();
}
