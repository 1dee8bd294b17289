import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { z } from 'zod';

/** The exit code and the output of a program. */
export interface Outcome {
  stdout: string;
  stderr: string;
  code: number;
}

interface Options {
  cwd?: string;
  /** Added to the environment of this process without its DATABASE_URL. */
  env?: Record<string, string>;
  /** Closes the reading end of its standard output. */
  unread?: boolean;
  /** Its standard input; empty by default. */
  input?: string;
}

/** Runs a program to its end. @param file its path, absolute or relative to the repository. */
export async function runProgram(file: string, args: string[], options: Options = {}): Promise<Outcome> {
  const { DATABASE_URL: _unset, ...inherited } = process.env;
  const child = spawn(process.execPath, [file, ...args], {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  // The program may end before it has read all.
  child.stdin.on('error', () => {}).end(options.input);
  if (options.unread) child.stdout.destroy();
  const [stdout, stderr, [code]] = await Promise.all([
    options.unread ? '' : text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code: z.number().parse(code) };
}

/** The outcome of a program that succeeds with this output. */
export const ok = (stdout: string): Outcome => ({ stdout, stderr: '', code: 0 });

/** The outcome of a program that exits with 1 and writes one line to stderr, which starts with `begin` and contains `reason`. */
export function fails(begin: string, reason: string) {
  const [start, within] = [begin, reason].map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { stdout: '', stderr: expect.stringMatching(new RegExp(`^${start}.*${within}.*\\n$`)), code: 1 };
}
