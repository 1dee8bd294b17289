import { spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { openClone } from '../../kit/clone.ts';

const npmCi = 'npm ci --include=dev --no-audit --no-fund --loglevel=error';
const generate = 'prisma generate --schema';
const timeout = { timeout: 20_000 };
const silent = { code: 0, output: '' };

/** Opens a clone and sets it up. */
async function openReadyClone() {
  const clone = await openClone();
  await clone.setUp();
  await clone.calls();
  return clone;
}

/** The lock and the build folder of the client, if they are left. */
const leftovers = async ({ list }: Awaited<ReturnType<typeof openClone>>) =>
  (await list('.')).filter((name) => name.startsWith('.bootstrap'));

describe('the set-up of a clone', () => {
  it('installs the packages and generates the client in a new clone', async () => {
    await using clone = await openClone();
    const output = 'Installing dependencies with npm ci: no packages are installed.\n';
    expect(await clone.setUp()).toEqual({ code: 0, output });
    expect(await clone.calls()).toEqual([npmCi, generate]);
    expect(await clone.read('src/db/generated/client.ts')).toBe('first');
    expect(await leftovers(clone)).toEqual([]);
  });

  it('runs nothing if everything is current, with or without an optional package for other platforms', async () => {
    await using clone = await openReadyClone();
    expect(await clone.setUp()).toEqual(silent);
    expect(await clone.calls()).toEqual([]);
  });

  it('kills npm when interrupted, releases the lock, and succeeds the next time', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const { child, ended } = clone.start();
    await vi.waitFor(async () => expect(await clone.calls()).toEqual([npmCi]), timeout);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('npm ci failed (SIGKILL)') });
    expect(await leftovers(clone)).toEqual([]);
    await clone.remove('wait');
    expect((await clone.setUp()).code).toBe(0);
    expect(await clone.calls()).toEqual([npmCi, generate]);
  });

  it.each([
    ['version', '"7.0.0"'],
    ['integrity', '"sha512-a"'],
  ])('installs again if the %s of a package differs', async (_property, installed) => {
    await using clone = await openReadyClone();
    const lock = await clone.read('node_modules/.package-lock.json');
    await clone.write('node_modules/.package-lock.json', lock.replace(installed, '"other"'));
    expect((await clone.setUp()).output).toContain('prisma does not match package-lock.json');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('installs again if a required package is missing', async () => {
    await using clone = await openReadyClone();
    await clone.write('node_modules/.package-lock.json', '{ "packages": {} }');
    expect((await clone.setUp()).output).toContain('prisma does not match package-lock.json');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('installs again if the installed Node does not work', async () => {
    await using clone = await openReadyClone();
    await clone.remove('node_modules/.bin/node');
    expect((await clone.setUp()).output).toContain('node_modules/.bin/node is not a working Node 24');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('reports in one line, after npm’s messages, that npm failed, and exits with 1', async () => {
    await using clone = await openClone();
    await clone.write('fail', '');
    const { code, output } = await clone.setUp();
    expect(code).toBe(1);
    expect(output.split('\n').slice(1)).toEqual([
      'npm error: no network',
      'Setting up usergraph failed: npm ci failed (7); see its messages above.',
      '',
    ]);
    expect(await leftovers(clone)).toEqual([]);
  });
});

describe('the Prisma client', () => {
  it.each(['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json'])(
    'is generated again after a change of %s',
    async (source) => {
      await using clone = await openReadyClone();
      await clone.write(source, '{ "second": true }');
      expect(await clone.setUp()).toEqual(silent);
      expect(await clone.calls()).toEqual([generate]);
      expect(await clone.setUp()).toEqual(silent);
      expect(await clone.calls()).toEqual([]);
    },
  );

  it('is replaced completely, including files that the new one lacks', async () => {
    await using clone = await openReadyClone();
    await clone.write('src/db/generated/models/Gone.ts', '');
    await clone.write('prisma/schema.prisma', 'second');
    await clone.setUp();
    expect(await clone.read('src/db/generated/client.ts')).toBe('second');
    expect((await clone.list('src/db/generated')).sort()).toEqual([
      'client.ts',
      'generated-from.sha256',
      'models',
      'models/User.ts',
    ]);
  });

  it('is unchanged if Prisma fails', async () => {
    await using clone = await openReadyClone();
    await clone.write('prisma/schema.prisma', 'broken');
    const { code, output } = await clone.setUp();
    expect(code).toBe(1);
    expect(output).toContain('The schema is broken.');
    expect(output).toMatch(/\nSetting up usergraph failed: prisma generate failed \(1\); .*\n$/);
    expect(await clone.read('src/db/generated/client.ts')).toBe('first');
  });
});

describe('concurrent set-ups of one clone', () => {
  it('install once: the second one reports that it waits, and has nothing left to do', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const first = clone.start();
    await vi.waitFor(() => expect(first.output()).toContain('npm ci'), timeout);
    const second = clone.start();
    const waiting = 'Waiting for another process to finish setting up this folder.\n';
    await vi.waitFor(() => expect(second.output()).toBe(waiting), timeout);
    await clone.write('go', '');
    expect([(await first.ended).code, await second.ended]).toEqual([0, { code: 0, output: waiting }]);
    expect(await clone.calls()).toEqual([npmCi, generate]);
  });

  it('take over the lock of a killed process', async () => {
    await using clone = await openClone();
    const { pid } = spawnSync('true');
    await clone.write('.bootstrap.lock', String(pid));
    expect((await clone.setUp()).output).not.toContain('Waiting');
    expect(await clone.calls()).toEqual([npmCi, generate]);
  });
});
