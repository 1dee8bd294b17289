import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/dev/embedded-postgres.ts';
import { StartError } from '../../../src/dev/start-error.ts';
import { postmasterPid } from '../../kit/postmaster-pid.ts';

const owner = fileURLToPath(new URL('owner-process.ts', import.meta.url));

describe('the embedded PostgreSQL', () => {
  it('initializes its data directory and keeps the data after a restart', async () => {
    await using folder = await openFolder();
    await folder.use((client) => client.query('CREATE TABLE kept (); INSERT INTO kept DEFAULT VALUES'));
    await folder.use(async (client, postgres) => {
      expect((await client.query('SELECT FROM kept')).rowCount).toBe(1);
      expect(postgres.connection.database).toBe('usergraph');
    });
  });

  it('applies settings, has the same collation on every machine, and listens on no port', async () => {
    await using folder = await openFolder();
    const settings = { 'usergraph.note': `it's "$HOME"`, TimeZone: 'Asia/Tokyo' };
    await folder.use(async (client) => {
      const { rows } = await client.query(
        `SELECT current_setting('usergraph.note') AS note, current_setting('TimeZone') AS zone, lower('Ä') AS lower,
          'a' < 'B' AS linguistic, current_setting('listen_addresses') AS addresses`,
      );
      expect(rows).toEqual([
        { note: `it's "$HOME"`, zone: 'Asia/Tokyo', lower: 'ä', linguistic: false, addresses: '' },
      ]);
    }, settings);
  });

  it('has trigrams of all letters', async () => {
    await using folder = await openFolder();
    await folder.use(async (client) => {
      await client.query('CREATE EXTENSION pg_trgm');
      const { rows } = await client.query("SELECT cardinality(show_trgm('жанна')) AS cyrillic");
      expect(rows).toEqual([{ cyrillic: 6 }]);
    });
  });

  it('stops once, with a connection open', async () => {
    await using folder = await openFolder();
    const postgres = await folder.start();
    const client = await connect(postgres);
    client.on('error', () => {});
    await Promise.all([postgres.stop(), postgres.stop()]);
    await postgres.stop();
    expect(existsSync(join(folder.data, 'postmaster.pid'))).toBe(false);
    expect(existsSync(postgres.connection.host)).toBe(false);
  });

  it('recovers the data of a killed server', async () => {
    await using folder = await openFolder();
    const killed = await folder.start();
    const client = await connect(killed);
    client.on('error', () => {});
    await client.query('CREATE TABLE kept ()');
    process.kill(await folder.serverPid(), 'SIGKILL');
    await folder.use((after) => after.query('SELECT FROM kept'));
    expect(existsSync(killed.connection.host)).toBe(false);
  });

  it.each(['SIGKILL', 'SIGINT'] as const)('restarts its server in the same place after %s', async (signal) => {
    await using folder = await openFolder();
    const messages: string[] = [];
    const log = { info: (text: string) => messages.push(text), warn: (text: string) => messages.push(text) };
    const postgres = await startEmbeddedPostgres({ directory: folder.data, log });
    try {
      for (let round = 1; round <= 2; round += 1) {
        const before = await folder.serverPid();
        process.kill(before, signal);
        await vi.waitFor(() => expect(messages).toHaveLength(round * 2), { timeout: 60_000 });
        expect(await folder.serverPid()).not.toBe(before);
        await (await connect(postgres)).end();
      }
    } finally {
      await postgres.stop();
    }
    expect(existsSync(join(folder.data, 'postmaster.pid'))).toBe(false);
    expect(existsSync(postgres.connection.host)).toBe(false);
  });

  it('retries a failed restart until it succeeds or is stopped', async () => {
    await using folder = await openFolder();
    const messages: string[] = [];
    const log = { info: (text: string) => messages.push(text), warn: (text: string) => messages.push(text) };
    const postgres = await startEmbeddedPostgres({ directory: folder.data, log });
    const settings = join(folder.data, 'postgresql.conf');
    const right = await readFile(settings, 'utf8');
    await writeFile(settings, `${right}\nnonsense = on\n`);
    process.kill(await folder.serverPid(), 'SIGKILL');
    await vi.waitFor(() => expect(messages.filter((text) => text.includes('nonsense')).length).toBeGreaterThan(1), {
      timeout: 60_000,
    });
    await writeFile(settings, right);
    await vi.waitFor(() => expect(messages.at(-1)).toContain('is running again'), { timeout: 60_000 });
    await writeFile(settings, `${right}\nnonsense = on\n`);
    process.kill(await folder.serverPid(), 'SIGKILL');
    await vi.waitFor(() => expect(messages.at(-1)).toContain('Retrying'), { timeout: 60_000 });
    await postgres.stop();
    const count = messages.length;
    await sleep(1_500);
    expect(messages).toHaveLength(count);
  });

  it('stops the server that a killed gateway left running', async () => {
    await using folder = await openFolder();
    const { child, host } = await folder.spawnOwner();
    const orphan = await folder.serverPid();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(orphan)).toBe(true);
    await folder.use(async () => {
      expect(await folder.serverPid()).not.toBe(orphan);
      expect(existsSync(host)).toBe(false);
    });
  });

  it('does not signal another program that has the pid of a killed server', async () => {
    await using folder = await openFolder();
    const postgres = await folder.start();
    const pid = await folder.serverPid();
    const pidFile = join(folder.data, 'postmaster.pid');
    const content = await readFile(pidFile, 'utf8');
    await postgres.stop();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    await writeFile(pidFile, content.replace(String(pid), String(other.pid)));
    await folder.use((client) => client.query('SELECT 1'));
    expect(other.exitCode ?? other.signalCode).toBe(null);
    other.kill();
  });

  it('is not stopped by Ctrl-C in the terminal of the gateway', async () => {
    await using folder = await openFolder();
    const { child, host } = await folder.spawnOwner();
    // The terminal's Ctrl-C: SIGINT to the whole process group.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(existsSync(join(folder.data, 'postmaster.pid'))).toBe(false);
    expect(existsSync(host)).toBe(false);
    expect(await readFile(join(folder.data, 'server.log'), 'utf8')).toContain('database system is shut down');
  });

  it('starts over after an interrupted initialization', async () => {
    await using folder = await openFolder();
    const child = folder.spawn();
    while (!(await readdir(folder.path)).some((name) => name.startsWith('pg.partial-'))) await sleep(5);
    await sleep(100);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(folder.data)).toBe(false);
    await folder.use((client) => client.query('SELECT 1'));
  });

  it('rejects data of another major version', async () => {
    await using folder = await openFolder();
    await mkdir(folder.data);
    await writeFile(join(folder.data, 'PG_VERSION'), '15\n');
    await expect(folder.start()).rejects.toThrow(StartError);
    await expect(folder.start()).rejects.toThrow(
      /^\S+ was created by PostgreSQL 15, but usergraph runs PostgreSQL \d+\. .+$/,
    );
  });

  it('rejects a folder with other files', async () => {
    await using folder = await openFolder();
    await mkdir(folder.data);
    await writeFile(join(folder.data, 'letter.txt'), 'Dear reader');
    await expect(folder.start()).rejects.toThrow(/contains files that are not a PostgreSQL data directory/);
    expect(await readdir(folder.data)).toEqual(['letter.txt']);
  });

  it('reports why the server does not start, and leaves no socket folder', async () => {
    await using folder = await openFolder();
    vi.stubEnv('TMPDIR', folder.path);
    const failure = folder.start({ shared_buffers: 'much' });
    await expect(failure).rejects.toThrow(/did not start in .*\n.*invalid value for parameter "shared_buffers"/);
    vi.unstubAllEnvs();
    expect((await readdir(folder.path)).filter((name) => name !== 'pg')).toEqual([]);
  });
});

/** Creates a folder for a database. Disposing of it kills all processes that use it and removes it. */
async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'ug-embedded-'));
  const data = join(path, 'pg');
  const children: ChildProcess[] = [];
  const start = (settings: Record<string, string> = {}) =>
    startEmbeddedPostgres({ directory: data, settings: { fsync: 'off', ...settings } });
  const spawnChild = () => {
    const child = spawn(process.execPath, [owner, data], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    children.push(child);
    return child;
  };
  return {
    path,
    data,
    start,
    serverPid: () => postmasterPid(data),
    spawn: spawnChild,
    async spawnOwner() {
      const child = spawnChild();
      const [line] = await once(child.stdout, 'data');
      return { child, host: String(line).trim() };
    },
    async use(work: (client: Client, postgres: EmbeddedPostgres) => Promise<unknown>, settings = {}) {
      const postgres = await start(settings);
      try {
        const client = await connect(postgres);
        await work(client, postgres).finally(() => client.end());
      } finally {
        await postgres.stop();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      const left = await postmasterPid(data).catch(() => 0);
      if (left > 0 && isAlive(left)) process.kill(left, 'SIGQUIT');
      await rm(path, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function connect(postgres: EmbeddedPostgres): Promise<Client> {
  const client = new Client(postgres.connection);
  await client.connect();
  return client;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
