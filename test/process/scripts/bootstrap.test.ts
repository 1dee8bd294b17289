import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openClone } from '../../kit/clone.ts';

const common = '--no-audit --no-fund --loglevel=error';
const npmCi = `npm ci --omit=dev --omit=optional ${common} in .`;
const npmCiAll = `npm ci --include=dev --include=optional ${common} in .`;
const addDevelopment = `npm install --no-save --include=dev --include=optional ${common} in .`;
const npmCiNode = `npm ci ${common} in ./runtime/node`;
const npmCiPostgres = `npm ci --include=optional ${common} in ./runtime/postgres`;
const timeout = { timeout: 60_000 };
const silent = { code: 0, output: '' };
const dev = { options: ['--dev'] };

/** Opens a clone and sets it up. */
async function openReadyClone(options?: Parameters<Awaited<ReturnType<typeof openClone>>['setUp']>[0]) {
  const clone = await openClone();
  await clone.setUp(options);
  await clone.calls();
  return clone;
}

/** The lock and the marker of an unfinished installation, if they are left. */
const leftovers = async ({ list }: Awaited<ReturnType<typeof openClone>>) =>
  (await list('.')).filter((name) => /\.bootstrap|\.unfinished/.test(name));

describe('the set-up of a clone', () => {
  it('installs production packages and PostgreSQL for npm start', async () => {
    await using clone = await openClone();
    const { code, output } = await clone.setUp();
    expect([code, output.replaceAll(/\d+ s\n/g, 'N s\n')]).toEqual([
      0,
      `Installing production packages (1 packages, 117 MB of disk space): no packages are installed.
  npm took N s
Installing PostgreSQL (60 MB of disk space) for an embedded database; none is needed if DATABASE_URL is set.
  npm took N s
`,
    ]);
    expect(await clone.calls()).toEqual([npmCi, npmCiPostgres]);
    expect(await leftovers(clone)).toEqual([]);
  });

  it('installs no PostgreSQL if DATABASE_URL is set, or for commands that need it', async () => {
    await using clone = await openClone();
    await clone.setUp({ databaseUrl: 'postgres://localhost/usergraph' });
    expect(await clone.calls()).toEqual([npmCi]);
    expect(await clone.setUp({ options: [] })).toEqual(silent);
  });

  it('accepts a tree of npm ci --omit=dev --omit=optional', async () => {
    await using clone = await openClone();
    await clone.write('node_modules/.package-lock.json', await clone.read('production.json'));
    expect(await clone.setUp({ databaseUrl: 'postgres://localhost/usergraph' })).toEqual(silent);
    expect(await clone.calls()).toEqual([]);
  });

  it('adds development packages for other commands, and keeps them from then on', async () => {
    await using clone = await openReadyClone();
    expect((await clone.setUp(dev)).output).toContain(': linter is not installed.\n');
    expect(await clone.calls()).toEqual([addDevelopment]);
    expect(await clone.setUp(dev)).toEqual(silent);
    expect(await clone.setUp()).toEqual(silent);
    await clone.write('package-lock.json', (await clone.read('package-lock.json')).replace('sha512-server', 'other'));
    await clone.setUp();
    expect(await clone.calls()).toEqual([npmCiAll]);
  });

  it('kills npm when interrupted, releases the lock, and succeeds the next time', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const { child, ended } = clone.start();
    await vi.waitFor(async () => expect(await clone.calls()).toEqual([npmCi]), timeout);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('npm ci failed (SIGKILL)') });
    expect(await leftovers(clone)).not.toContain('.bootstrap.lock');
    await clone.remove('wait');
    expect((await clone.setUp()).code).toBe(0);
    expect(await clone.calls()).toEqual([npmCi, npmCiPostgres]);
    expect(await leftovers(clone)).toEqual([]);
  });

  it('installs again if npm was killed while it added packages, which may be incomplete', async () => {
    await using clone = await openReadyClone();
    await clone.write('wait', '');
    const { child, ended } = clone.start(dev);
    await vi.waitFor(async () => expect(await clone.calls()).toEqual([addDevelopment]), timeout);
    child.kill('SIGTERM');
    await ended;
    await clone.remove('wait');
    expect((await clone.setUp()).output).toContain('the last installation was interrupted');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it.each([
    ['version', '"7.0.0"'],
    ['integrity', '"sha512-server"'],
  ])('installs again if the %s of a package differs', async (_property, installed) => {
    await using clone = await openReadyClone();
    const lock = await clone.read('node_modules/.package-lock.json');
    await clone.write('node_modules/.package-lock.json', lock.replace(installed, '"other"'));
    expect((await clone.setUp()).output).toContain('server does not match package-lock.json');
    expect(await clone.calls()).toEqual([npmCi]);
  });

  it('adds a required package that is missing', async () => {
    await using clone = await openReadyClone();
    await clone.write('node_modules/.package-lock.json', '{ "packages": {} }');
    expect((await clone.setUp()).output).toContain('server is not installed');
    expect(await clone.calls()).toEqual([`npm install --no-save --omit=dev --omit=optional ${common} in .`]);
  });

  it('reports in one line, after npm’s messages, that npm failed, and exits with 1', async () => {
    await using clone = await openClone();
    await clone.write('fail', '');
    const { code, output } = await clone.setUp();
    expect(code).toBe(1);
    expect(output.split('\n').slice(2)).toEqual([
      'npm error: no network',
      'Setting up usergraph failed: npm ci failed (7); see its messages above. Check the network and the free disk space, then run the command again.',
      '',
    ]);
    expect(await leftovers(clone)).not.toContain('.bootstrap.lock');
  });
});

describe('the version of Node.js', () => {
  const old = { version: '20.1.0', databaseUrl: 'postgres://localhost/usergraph' };

  it('is installed without its headers if this one is older, and linked for npm', async () => {
    await using clone = await openClone();
    expect((await clone.setUp(old)).output).toContain(
      'Installing Node.js 24 (122 MB of disk space): this machine has Node.js 20.1.0, and usergraph runs on Node.js 24.\n',
    );
    expect(await clone.calls()).toEqual([npmCi, npmCiNode]);
    const { stdout } = spawnSync(`${clone.path}/node_modules/.bin/node`, ['--version'], { encoding: 'utf8' });
    expect(stdout.trim()).toBe(process.version);
    expect(await clone.list('runtime/node')).not.toContainEqual(expect.stringContaining('include'));
    expect(await clone.setUp(old)).toEqual(silent);
  });

  it.each([
    ['is installed if the one of an earlier layout is in use, which npm removes, and PATH has none', '', [npmCiNode]],
    ['is not installed if PATH has one', `exec ${process.execPath} "$@"`, []],
  ])('%s', async (_case, nodeInPath, calls) => {
    await using clone = await openClone();
    const node = 'node_modules/node/bin/node';
    await mkdir(dirname(join(clone.path, node)), { recursive: true });
    await copyFile(process.execPath, join(clone.path, node));
    await clone.write('bin/node', `#!/bin/sh\n${nodeInPath}`);
    await chmod(join(clone.path, 'bin/node'), 0o755);
    const { code, output } = await clone.setUp({ node, databaseUrl: old.databaseUrl });
    expect([code, output]).toEqual([0, expect.not.stringContaining('failed')]);
    expect(await clone.calls()).toEqual([npmCi, ...calls]);
  });

  it('is linked again after npm ci has removed the link', async () => {
    await using clone = await openReadyClone(old);
    await clone.remove('node_modules/.bin/node');
    expect(await clone.setUp(old)).toEqual(silent);
    expect(await clone.calls()).toEqual([]);
    expect(await clone.list('node_modules/.bin')).toEqual(['node']);
  });

  it('is reported, with what to do, if npm has no Node.js for this machine', async () => {
    await using clone = await openReadyClone(old);
    await clone.remove('node_modules/.bin/node');
    await clone.remove('runtime/node/node_modules/node/bin/node');
    const { code, output } = await clone.setUp(old);
    expect(code).toBe(1);
    expect(output).toMatch(/^Setting up usergraph failed: The Node\.js 24 .* Install Node\.js 24 or later yourself, /);
  });

  it('must be 20 or later', async () => {
    await using clone = await openClone();
    expect(await clone.setUp({ version: '18.20.4' })).toEqual({
      code: 1,
      output:
        'usergraph needs Node.js 20 or later; got 18.20.4. Install Node.js 24 from https://nodejs.org or with a version manager ("nvm install 24"), then run the command again.\n',
    });
    expect(await clone.calls()).toEqual([]);
  });
});

describe('concurrent set-ups of one clone', () => {
  it('install once: the second one reports that it waits, and has nothing left to do', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const first = clone.start();
    await vi.waitFor(() => expect(first.output()).toContain('Installing'), timeout);
    const second = clone.start();
    const waiting = 'Waiting for another process to finish setting up this folder.\n';
    await vi.waitFor(() => expect(second.output()).toBe(waiting), timeout);
    await clone.write('go', '');
    expect([(await first.ended).code, await second.ended]).toEqual([0, { code: 0, output: waiting }]);
    expect(await clone.calls()).toEqual([npmCi, npmCiPostgres]);
  });

  it('take over the lock of a killed process', async () => {
    await using clone = await openClone();
    const { pid } = spawnSync('true');
    await clone.write('.bootstrap.lock', String(pid));
    expect((await clone.setUp()).output).not.toContain('Waiting');
    expect(await clone.calls()).toEqual([npmCi, npmCiPostgres]);
  });

  it('end the npm of a killed set-up, which would go on changing node_modules', async () => {
    await using clone = await openClone();
    await clone.write('wait', '');
    const killed = clone.start();
    await vi.waitFor(async () => expect(await clone.calls()).toEqual([npmCi]), timeout);
    const npm = Number((await clone.read('.bootstrap.lock')).split(' ')[1]);
    killed.child.kill('SIGKILL');
    const next = clone.start();
    await vi.waitFor(async () => expect(await clone.calls()).toEqual([npmCi]), timeout);
    // It may remain as a zombie, without a command line.
    const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(npm)], { encoding: 'utf8' });
    expect(stdout).not.toContain('npm ci');
    await clone.write('go', '');
    expect((await next.ended).code).toBe(0);
    expect(await clone.calls()).toEqual([npmCiPostgres]);
  });
});
