import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { basic } from '../kit/app.ts';
import { createEmptyDatabase } from '../kit/database.ts';
import { startFaultProxy } from '../kit/fault-proxy.ts';
import { freePorts } from '../kit/free-ports.ts';
import { queryAs } from '../kit/gateway-process.ts';
import { buildImage, type Image } from '../kit/image/build-image.ts';
import { runInImage, startInImage } from '../kit/image/run-image.ts';
import { npmEnvironment } from '../kit/npm-environment.ts';

/** The limit of the image, in bytes. */
const MAX_BYTES = 250_000_000;

let folder = '';
let image: Image;

const bytesOf = (...paths: string[]) => {
  const lines = execFileSync('du', ['-sbc', ...paths], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return Number.parseInt(lines.at(-1) ?? '', 10);
};
const megabytes = (bytes: number) => `${Math.round(bytes / 1e5) / 10} MB`;

/** The server of the tests, at a TCP port: its socket is not in the image. */
async function openDatabase() {
  const server = new URL(inject('serverUrl'));
  const [host, port] = [server.searchParams.get('host'), server.searchParams.get('port')];
  const proxy = await startFaultProxy(
    host ? { path: `${host}/.s.PGSQL.${port}` } : { host: server.hostname, port: Number(server.port || 5432) },
  );
  const database = await createEmptyDatabase("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'");
  const url = new URL(database.connectionString);
  url.search = '';
  url.host = `127.0.0.1:${proxy.port}`;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

// Changing the root and the user needs root.
describe.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('the image of deploy/Dockerfile', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'usergraph-image-'));
    image = buildImage('deploy/Dockerfile', process.cwd(), folder, npmEnvironment());
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('takes at most 250 MB', () => {
    const node = bytesOf(join(image.root, 'usr/local/bin/node'));
    const packages = bytesOf(join(image.root, 'app/node_modules'));
    const own = bytesOf(join(image.root, 'app')) - packages;
    const total = bytesOf(image.root);
    const parts = { packages, usergraph: own, 'Node.js': node, libraries: total - packages - own - node, image: total };
    for (const [name, bytes] of Object.entries(parts)) console.log(`${name}: ${megabytes(bytes)}`);
    expect(total).toBeLessThanOrEqual(MAX_BYTES);
  });

  it('contains production packages and the files of the product only', () => {
    const app = join(image.root, 'app');
    expect(readdirSync(app).sort()).toEqual(
      ['LICENSE', 'deploy', 'docs', 'examples', 'node_modules', 'package.json', 'prisma', 'scripts', 'src'].sort(),
    );
    const { packages } = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8'));
    const others = Object.entries<{ dev?: boolean; optional?: boolean }>(packages)
      .filter(([, { dev, optional }]) => dev || optional)
      .map(([name]) => name);
    expect(others).toEqual([]);
    expect(readdirSync(join(app, 'scripts'))).toEqual(['db-migrate.ts']);
  });

  it('contains the licenses of the packages', () => {
    const app = join(image.root, 'app');
    const { packages } = z
      .object({ packages: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')));
    const licenses = Object.keys(packages)
      .flatMap((folder) => globSync(`${folder}/*`))
      .filter((file) => /licen[cs]e|notice|copying/i.test(basename(file)));
    expect(licenses).toEqual(
      expect.arrayContaining(['node_modules/jose/LICENSE.md', 'node_modules/lru-cache/LICENSE.md']),
    );
    expect(licenses.filter((file) => !existsSync(join(app, file)))).toEqual([]);
  });

  it('migrates, creates a key, serves, reports its health, and stops, on a read-only file system as another user', async () => {
    await using database = await openDatabase();
    const port = await freePorts(2);
    const environment = {
      DATABASE_URL: database.url,
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_HOST: '127.0.0.1',
      METRICS_PORT: String(port + 1),
      DRAIN_MS: '0',
    };
    const run = async (...args: string[]) => {
      const { code, output } = await runInImage(image, [...image.entrypoint, ...args], environment);
      expect({ args, code, output }).toEqual({ args, code: 0, output: expect.anything() });
      return output;
    };
    const checkHealth = async () => (await runInImage(image, image.healthCheck, environment)).code;

    expect(await run('scripts/db-migrate.ts')).toContain('Applied');
    const [id] = /[0-9a-f-]{36}/.exec(await run('src/cli/main.ts', 'workspaces', 'create', 'Acme')) ?? [];
    const created = await run('src/cli/main.ts', 'keys', 'create', '--workspace', id ?? '');
    const [publicKey = '', secret = ''] = created.match(/\b[ps]k_[\w-]+/g) ?? [];
    expect(await checkHealth()).toBe(1);

    const gateway = startInImage(image, [...image.entrypoint, ...image.command], environment);
    await vi.waitFor(() => expect(gateway.output()).toContain('usergraph is ready'), 20_000);
    expect(await checkHealth()).toBe(0);
    const query = 'mutation { createUser(input: { uid: "ada" }) { __typename } }';
    expect(await queryAs(`http://127.0.0.1:${port}`, basic(publicKey, secret), query)).toEqual({
      data: { createUser: { __typename: 'CreateUserPayload' } },
    });
    const page = await fetch(`http://127.0.0.1:${port}/docs/deployment.md`, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('Your own PostgreSQL');

    expect(await run('--eval', ATTEMPTS)).toBe('1 65532 65532 0000000000000000 EROFS,EROFS,EROFS\n');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
    expect(gateway.output()).not.toMatch(/EROFS|EACCES/);
  });
});

/** Prints the process id, the user, the group, the effective capabilities, and the errors of writing to files. */
const ATTEMPTS = `
const { readFileSync, writeFileSync } = require('node:fs');
const attempt = (file) => { try { writeFileSync(file, ''); return 'written'; } catch (error) { return error.code; } };
const [, capabilities] = /CapEff:\\s+(\\S+)/.exec(readFileSync('/proc/self/status', 'utf8'));
console.log(process.pid, process.getuid(), process.getgid(), capabilities, ['/app/x', '/tmp/x', '/x'].map(attempt).join());`;
