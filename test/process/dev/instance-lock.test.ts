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
  it('names the process that holds it, in one line', async () => {
    await using folder = await openFolder();
    const lock = await lockDirectory(folder.path);
    const failure = await lockDirectory(folder.path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartError);
    expect(String(failure)).toContain(`Another usergraph (process ${process.pid}) is using ${folder.path}. Stop it`);
    expect(String(failure)).not.toContain('\n');
    await lock.release();
    await (await lockDirectory(folder.path)).release();
  });

  it('is the same for every path of the folder', async () => {
    await using folder = await openFolder();
    const link = join(folder.path, 'link');
    const target = join(folder.path, 'data');
    await mkdir(target);
    await symlink(target, link);
    const lock = await lockDirectory(target);
    await expect(lockDirectory(link)).rejects.toThrow(StartError);
    await lock.release();
  });

  it('is released when its process is killed', async () => {
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

  it('does not keep its process alive', async () => {
    await using folder = await openFolder();
    const holder = spawnNode(`await lockDirectory(${JSON.stringify(folder.path)})`);
    expect(await once(holder, 'exit')).toEqual([0, null]);
  });

  it('is acquired by exactly one of 50 concurrent starts', async () => {
    await using folder = await openFolder();
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => lockDirectory(folder.path)));
    const acquired = results.filter((result) => result.status === 'fulfilled');
    expect(acquired).toHaveLength(1);
    for (const { value } of acquired) await value.release();
  });
});

// Linux does not need this: an abstract socket has no file.
describe('the lock’s socket file on other systems', () => {
  it('is removed after its process was killed', async () => {
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

  it('is not removed while its process is alive', async () => {
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
