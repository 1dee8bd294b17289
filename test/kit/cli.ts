import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import { useDatabase } from '../../src/cli/database.ts';
import { runCommand } from '../../src/cli/run.ts';
import { basic } from './app.ts';
import { createDatabase } from './database.ts';
import { fails, type Outcome, runProgram } from './program.ts';

/** A workspace in the `--json` output. */
export const workspaceJson = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  deletionRequestedAt: z.iso.datetime().nullable(),
});

/** A key in the `--json` output. */
export const keyJson = z.strictObject({
  id: z.uuid(),
  publicKey: z.string().regex(/^pk_/),
  name: z.string().nullable(),
  state: z.enum(['active', 'expired', 'revoked']),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  previousSecretExpiresAt: z.iso.datetime().nullable(),
  rateLimit: z.int().nullable(),
  rateLimitPublic: z.int().nullable(),
});

/** A newly created key, with its secret. */
export const newKeyJson = keyJson.extend({ secret: z.string().regex(/^sk_/) });

/** A rotated key, with its new secret and the end of the previous credentials. */
export const rotatedKeyJson = newKeyJson.extend({
  previous: z.strictObject({ publicKey: z.string(), expiresAt: z.iso.datetime() }),
});

/** A valid id of no workspace. */
export const unknownWorkspaceId = '016f5e66-e800-7000-8000-000000000000';

const PROGRAM = 'src/cli/main.ts';

/** Runs the CLI as a program. */
export const startCli = (env: Record<string, string>, ...command: string[]) => runProgram(PROGRAM, command, { env });

/** What is written to the standard output and the standard error of a command. */
type Written = Record<'stdout' | 'stderr', Buffer[]>;

const written = new AsyncLocalStorage<Written>();

for (const name of ['stdout', 'stderr'] as const) {
  const write = process[name].write.bind(process[name]);
  type Callback = (error?: Error | null) => void;
  process[name].write = (text: string | Uint8Array, encoding?: BufferEncoding | Callback, callback?: Callback) => {
    const end = typeof encoding === 'function' ? encoding : callback;
    const pieces = written.getStore()?.[name];
    if (!pieces) return write(text, undefined, end);
    pieces.push(Buffer.from(text));
    if (end) process.nextTick(end);
    return true;
  };
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a command of the CLI in this process: starting a program takes 0.7 s of CPU time. What only a process does is tested with
 * `startCli`: its end, signals, standard input, a closed standard output, and `import`, which sets its exit code itself.
 */
export async function runCli(env: Record<string, string>, ...command: string[]): Promise<Outcome> {
  const output: Written = { stdout: [], stderr: [] };
  const { DATABASE_URL: _unset, ...inherited } = process.env;
  const before = signals.map((signal) => new Set(process.rawListeners(signal)));
  const code = await written.run(output, () => runCommand(command, useDatabase({ ...inherited, ...env })));
  // A process that ends leaves its listeners.
  for (const [index, signal] of signals.entries())
    for (const listener of process.rawListeners(signal))
      if (!before[index]?.has(listener)) process.off(signal, listener as () => void);
  return { stdout: String(Buffer.concat(output.stdout)), stderr: String(Buffer.concat(output.stderr)), code };
}

/**
 * Creates a workspace and a key with the CLI. @returns the `Authorization` header of the key.
 * @param folder an installation of another version.
 */
export async function createOwner(env: Record<string, string>, folder = '.'): Promise<string> {
  const create = async <Schema extends z.ZodType>(schema: Schema, ...command: string[]) => {
    const { stdout, stderr, code } = await runProgram(join(folder, PROGRAM), [...command, '--json'], { env });
    expect(code, stderr).toBe(0);
    return schema.parse(JSON.parse(stdout));
  };
  const { id } = await create(workspaceJson, 'workspaces', 'create', 'Owner');
  const { publicKey, secret } = await create(newKeyJson, 'keys', 'create', '--workspace', id);
  return basic(publicKey, secret);
}

/** Expects a failure with one line that contains the reason. */
export const rejected = (reason: string) => fails('error: ', reason);

/** Opens the CLI on its own migrated database. */
export async function openCli() {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.connection.connectionString };
  return {
    db: database.db,
    env,
    run: (...command: string[]) => runCli(env, ...command),
    /** Runs a command with a closed standard output. */
    runUnread: (...command: string[]) => runProgram(PROGRAM, command, { env, unread: true }),
    async json<Schema extends z.ZodType>(schema: Schema, ...command: string[]): Promise<z.output<Schema>> {
      return schema.parse(JSON.parse((await runCli(env, ...command, '--json')).stdout));
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
