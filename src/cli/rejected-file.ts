import { type FileHandle, open } from 'node:fs/promises';
import type { RejectSink } from '../domain/transfer/import.ts';
import { CliError } from './output.ts';

/** A file of rejected records next to the imported file. It is created with the first of them. */
export class RejectedFile implements RejectSink, AsyncDisposable {
  readonly path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Removes the rejected records of an earlier import of the file. */
  async clear(): Promise<void> {
    const file = await open(this.path, 'r+').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw this.#toError(error);
    });
    await file?.truncate();
    await file?.close();
  }

  async write(_tx: unknown, lines: Buffer, offset: number): Promise<void> {
    this.#file ??= await this.#open(offset);
    try {
      // Removes what an interrupted import has written after its last commit.
      await this.#file.truncate(offset);
      await this.#file.write(lines, 0, lines.length, offset);
      // The database must not commit first: after a power failure, the records would be in neither.
      await this.#file.sync();
    } catch (error) {
      throw this.#toError(error);
    }
  }

  async #open(offset: number): Promise<FileHandle> {
    try {
      const file = await open(this.path, offset > 0 ? 'r+' : 'w+');
      const { size } = await file.stat();
      if (size >= offset) return file;
      await file.close();
    } catch (error) {
      throw this.#toError(error);
    }
    throw new CliError(`${this.path} has been changed: the records that were rejected before are missing.`);
  }

  #toError(error: unknown): CliError {
    return new CliError(`Cannot write ${this.path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
