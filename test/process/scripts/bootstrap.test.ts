import { spawnSync } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { openClone } from '../../kit/clone.ts';

const npmCi = 'npm ci --include=dev --no-audit --no-fund --loglevel=error';
const generate = 'prisma generate --schema';
const patience = { timeout: 20_000 };
const silent = { code: 0, output: '' };

/** A clone that is set up. */
async function openReadyClone() {
  const clone = await openClone();
  await clone.setUp();
  await clone.calls();
  return clone;
}

/** The lock, and the folder that the client is made in. */
const leftBehind = async ({ list }: Awaited<ReturnType<typeof openClone>>) =>
  (await list('.')).filter((name) => name.startsWith('.bootstrap'));

describe('the set-up of a clone', () => {
  it('installs the packages and generates the client where there is nothing yet', async () => {
    await using clone = await openClone();
    const output = 'Installing the dependencies with npm ci: nothing is installed yet.\n';
    expect(await clone.setUp()).toEqual({ code: 0, output });
    expect(await clone.calls()).toEqual([npmCi, generate]);
    expect(await clone.read('src/db/generated/client.ts')).toBe('first');
    expect(await leftBehind(clone)).toEqual([]);
  });

  it('runs nothing where everything is current, an optional package for other machines or not', async () => {
    await using clone = await openReadyClone();
    expect(await clone.setUp()).toEqual(silent);
    expect(await clone.calls()).toEqual([]);
  });

  it('ends npm when it is interrupted, lets go of the lock, and sets up the next time', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const { child, ended } = clone.start();
    await vi.waitFor(async () => expect(await clone.calls()).toEqual([npmCi]), patience);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('npm ci failed (SIGKILL)') });
    expect(await leftBehind(clone)).toEqual([]);
    await clone.remove('wait');
    expect((await clone.setUp()).code).toBe(0);
    expect(await clone.calls()).toEqual([npmCi, generate]);
  });

  it.each([
    ['version', '"7.0.0"'],
    ['integrity', '"sha512-a"'],
  ])('installs anew where the %s of a package differs', async (_what, installed) => {
    await using clone = await openReadyClone();
    const lock = await clone.read('node_modules/.package-lock.json');
    await clone.write('node_modules/.package-lock.json', lock.replace(installed, '"other"'));
    expect((await clone.setUp()).output).toContain('prisma is not the version of package-lock.json');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('installs anew where a package is missing that is not optional', async () => {
    await using clone = await openReadyClone();
    await clone.write('node_modules/.package-lock.json', '{ "packages": {} }');
    expect((await clone.setUp()).output).toContain('prisma is not the version of package-lock.json');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('installs anew where the Node that came along does not work', async () => {
    await using clone = await openReadyClone();
    await clone.remove('node_modules/.bin/node');
    expect((await clone.setUp()).output).toContain('node_modules/.bin/node is not a working Node 24');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('says in one line, after npm’s own, that npm has failed, and ends with 1', async () => {
    await using clone = await openClone();
    await clone.write('fail', '');
    const { code, output } = await clone.setUp();
    expect(code).toBe(1);
    expect(output.split('\n').slice(1)).toEqual([
      'npm error: no network',
      'usergraph cannot be set up: npm ci failed (7); its own messages are above.',
      '',
    ]);
    expect(await leftBehind(clone)).toEqual([]);
  });
});

describe('the Prisma client', () => {
  it.each(['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json'])(
    'is generated anew after a change of %s',
    async (source) => {
      await using clone = await openReadyClone();
      await clone.write(source, '{ "second": true }');
      expect(await clone.setUp()).toEqual(silent);
      expect(await clone.calls()).toEqual([generate]);
      expect(await clone.setUp()).toEqual(silent);
      expect(await clone.calls()).toEqual([]);
    },
  );

  it('is replaced whole, without what the last one had more', async () => {
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

  it('stays as it was where Prisma fails', async () => {
    await using clone = await openReadyClone();
    await clone.write('prisma/schema.prisma', 'broken');
    const { code, output } = await clone.setUp();
    expect(code).toBe(1);
    expect(output).toContain('The schema is broken.');
    expect(output).toMatch(/\nusergraph cannot be set up: prisma generate failed \(1\); .*\n$/);
    expect(await clone.read('src/db/generated/client.ts')).toBe('first');
  });
});

describe('two set-ups of one clone', () => {
  it('install once: the second says that it waits, and has nothing left to do', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const first = clone.start();
    await vi.waitFor(() => expect(first.output()).toContain('npm ci'), patience);
    const second = clone.start();
    const waits = 'Another process is setting this folder up; waiting for it.\n';
    await vi.waitFor(() => expect(second.output()).toBe(waits), patience);
    await clone.write('go', '');
    expect([(await first.ended).code, await second.ended]).toEqual([0, { code: 0, output: waits }]);
    expect(await clone.calls()).toEqual([npmCi, generate]);
  });

  it('take over the lock of one that was killed', async () => {
    await using clone = await openClone();
    const { pid } = spawnSync('true');
    await clone.write('.bootstrap.lock', String(pid));
    expect((await clone.setUp()).output).not.toContain('waiting');
    expect(await clone.calls()).toEqual([npmCi, generate]);
  });
});
