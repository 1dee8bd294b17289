import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { vi } from 'vitest';
import { newCredentials } from '../../../src/auth/credentials.ts';
import { createKey, type KeyLimits } from '../../../src/auth/keys.ts';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { choosePort } from '../../../src/process/cluster/primary.ts';
import { basic } from '../app.ts';
import { readCpuTime } from '../cpu-time.ts';
import { createDatabase } from '../database.ts';
import { seedDevices, seedUsers, tens } from '../seed-rows.ts';

const HOST = '127.0.0.1';

/** Number of users. */
const users = tens(2_000);

/**
 * Pages of users with their relations; every tenth request is a write. Requests that cost little more than their rejection
 * would only measure the network stack.
 */
function bodies(): string[] {
  const page = `{ users(first: 30) {
    totalCount nodes { uid firstName email meta devices { platform lastSeenAt } lists { subscribed } events(first: 5) { nodes { name } } }
  } }`;
  const write =
    '{ updateUser(input: { uid: $uid, meta: { seen: true } }) { ... on UpdateUserPayload { user { uid } } } }';
  return users.slice(0, 1_000).map((number, place) => {
    if (place % 10 !== 0) return JSON.stringify({ query: page });
    return JSON.stringify({ query: `mutation ($uid: String!) ${write}`, variables: { uid: `u${number}` } });
  });
}

/** Creates a workspace with users and devices, and a key with every scope. */
async function createTenant(db: DatabaseClient, name: string, limits: KeyLimits = {}) {
  const { id: workspaceId } = await createWorkspace(db, name);
  const { publicKey, secret } = await createKey(db, workspaceId, scopes, newCredentials(), limits);
  await seedUsers({ db, workspaceId }, users);
  await seedDevices({ db, workspaceId }, users);
  return { workspaceId, secret: basic(publicKey, secret), publicKey: basic(publicKey) };
}

/** A gateway in its own process that logs no requests, on a database with users, and requests for it. */
export async function startForOverload(environment: Record<string, string> = {}) {
  const database = await createDatabase();
  const { secret } = await createTenant(database.db, 'Owner');
  const port = await choosePort(0, HOST);
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH,
      HOME,
      HOST,
      PORT: String(port),
      DATABASE_URL: database.connection.connectionString,
      LOG_LEVEL: 'warn',
      RATE_LIMIT: '0',
      CONCURRENCY_LIMIT: '0',
      ...environment,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(child, 'exit');
  await vi.waitFor(() => fetch(`http://${HOST}:${port}/health/live`), { timeout: 20_000, interval: 50 });
  return {
    /** The common part of all plans. */
    target: { host: HOST, port, authorization: secret, bodies: bodies() },
    db: database.db,
    /** Adds another workspace with its own users. */
    createTenant: (name: string, limits?: KeyLimits) => createTenant(database.db, name, limits),
    /** The anonymous memory (not backed by a file), in MB. */
    async memoryMb(): Promise<number> {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    /** The time in ns that its main thread has run, and that it has waited for a CPU used by other processes. */
    cpuTime: () => readCpuTime(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      await database[Symbol.asyncDispose]();
    },
  };
}
