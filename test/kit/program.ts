import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { z } from 'zod';

/** How a program ended, with what it has written. */
export interface Outcome {
  stdout: string;
  stderr: string;
  code: number;
}

interface Options {
  cwd?: string;
  /** Beside what this process has, without its DATABASE_URL. */
  env?: Record<string, string>;
  /** Nobody reads what it writes to standard output. */
  unread?: boolean;
}

/** Runs one of our programs to its end. @param file its path in the repository, or an absolute one. */
export async function runProgram(file: string, args: string[], options: Options = {}): Promise<Outcome> {
  const { DATABASE_URL: _unset, ...inherited } = process.env;
  const child = spawn(process.execPath, [file, ...args], {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  if (options.unread) child.stdout.destroy();
  const [stdout, stderr, [code]] = await Promise.all([
    options.unread ? '' : text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code: z.number().parse(code) };
}

/** Ended well, having written just this. */
export const ok = (stdout: string): Outcome => ({ stdout, stderr: '', code: 0 });

/** Ended with 1, having written nothing but one line that begins and goes on with these texts. */
export function fails(begin: string, reason: string) {
  const [start, within] = [begin, reason].map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { stdout: '', stderr: expect.stringMatching(new RegExp(`^${start}.*${within}.*\\n$`)), code: 1 };
}
