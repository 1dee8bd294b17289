import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askHolder, listen, lockAddress, lockDirectory, removeStaleSocket } from '../../../src/dev/instance-lock.ts';
import { StartError } from '../../../src/dev/start-error.ts';

const module = new URL('../../../src/dev/instance-lock.ts', import.meta.url).href;

describe('the lock of a data folder', () => {
  it('tells a second usergraph in one line which process has the folder', async () => {
    await using folder = await openFolder();
    const lock = await lockDirectory(folder.path);
    const refusal = await lockDirectory(folder.path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartError);
    expect(String(refusal)).toContain(
      `usergraph already runs on ${folder.path} (process ${process.pid}). Stop it first`,
    );
    expect(String(refusal)).not.toContain('\n');
    await lock.release();
    await (await lockDirectory(folder.path)).release();
  });

  it('knows the folder by whatever path it is reached', async () => {
    await using folder = await openFolder();
    const link = join(folder.path, 'link');
    const target = join(folder.path, 'data');
    await mkdir(target);
    await symlink(target, link);
    const lock = await lockDirectory(target);
    await expect(lockDirectory(link)).rejects.toThrow(StartError);
    await lock.release();
  });

  it('is free again when its process is killed', async () => {
    await using folder = await openFolder();
    const holder = spawnNode(
      `await lockDirectory(${JSON.stringify(folder.path)}); console.log('locked'); setInterval(() => {}, 1000)`,
    );
    await once(holder.stdout, 'data');
    await expect(lockDirectory(folder.path)).rejects.toThrow(`(process ${holder.pid})`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (await lockDirectory(folder.path)).release();
  });

  it('keeps no process alive', async () => {
    await using folder = await openFolder();
    const holder = spawnNode(`await lockDirectory(${JSON.stringify(folder.path)})`);
    expect(await once(holder, 'exit')).toEqual([0, null]);
  });

  it('is given to exactly one of many starts at the same moment', async () => {
    await using folder = await openFolder();
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => lockDirectory(folder.path)));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const { value } of won) await value.release();
  });
});

// What Linux does not need: there the socket has no file.
describe('the lock’s socket file on other systems', () => {
  it('is taken over when its process was killed', async () => {
    await using folder = await openFolder();
    const address = join(folder.path, 'socket');
    const holder = spawnNode(
      `await listen(${JSON.stringify(address)}); console.log('locked'); setInterval(() => {}, 1000)`,
    );
    await once(holder.stdout, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await listen(address)).toBe(undefined);
    expect(await askHolder(address)).toEqual({ alive: false });
    await removeStaleSocket(address);
    expect(existsSync(address)).toBe(false);
  });

  it('is not taken from a process that is alive', async () => {
    await using folder = await openFolder();
    const address = join(folder.path, 'socket');
    const server = await listen(address);
    await removeStaleSocket(address);
    expect(await askHolder(address)).toEqual({ alive: true, pid: String(process.pid) });
    server?.close();
  });

  it('is short enough for macOS', () => {
    expect(lockAddress('/a/very/long/path'.repeat(20), 'darwin').length).toBeLessThan(104);
  });
});

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'ug-lock-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function spawnNode(code: string) {
  const source = `import { listen, lockDirectory } from ${JSON.stringify(module)}; ${code}`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
}
