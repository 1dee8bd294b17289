import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase } from '../kit/database.ts';
import { type Start, startGateway } from '../kit/gateway-process.ts';

const run = promisify(execFile);

/** The limits of issue 15, in MB of disk space. */
const MAX_MEGABYTES = { start: 450, production: 170 };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usergraph-installation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Clones the last commit. */
async function clone(name: string): Promise<string> {
  const path = join(folder, name);
  await run('git', ['clone', '-q', '.', path]);
  return path;
}

async function megabytes(path: string): Promise<number> {
  return Number.parseInt((await run('du', ['-sm', path])).stdout, 10);
}

/** PATH without the Node.js of this repository, and with one in the first place if it is given. */
const pathWith = (...first: string[]) =>
  [...first, ...(process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))].join(
    delimiter,
  );

const npmStart = (cwd: string): Start => ({ command: ['npm', '--prefix', cwd, 'start'], detached: true });

it('of a fresh clone by npm start shows its progress, serves GraphiQL, and stays small', async () => {
  const path = await clone('fresh');
  await using gateway = await startGateway(
    { PATH: pathWith(), npm_config_cache: join(folder, 'cache') },
    npmStart(path),
  );
  expect(gateway.output()).toMatch(
    /Installing production packages \(\d+ packages, \d+ MB\): no packages are installed\./,
  );
  expect(gateway.output()).toMatch(/ {2}\d+ of \d+ MB \(\d+ %\) after \d+ s/);
  const page = await (await fetch(`${gateway.address}/graphql`, { headers: { accept: 'text/html' } })).text();
  for (const [, file] of page.matchAll(/(?:src|href)="(\/graphiql[^"]+)"/g)) {
    expect((await fetch(gateway.address + file)).status).toBe(200);
  }
  const size = await megabytes(path);
  console.log(`npm start in a fresh clone: ${size} MB`);
  expect(size).toBeLessThanOrEqual(MAX_MEGABYTES.start);
});

it('of production packages with an own Node.js and PostgreSQL is used as it is, and stays small', async () => {
  const path = await clone('production');
  const env = { ...process.env, PATH: pathWith(dirname(process.execPath)), npm_config_cache: join(folder, 'cache') };
  await run('npm', ['ci', '--omit=dev', '--omit=optional'], { cwd: path, env });
  await using database = await createDatabase();
  await using gateway = await startGateway(
    { PATH: env.PATH, DATABASE_URL: database.connection.connectionString },
    npmStart(path),
  );
  expect(gateway.output()).not.toContain('Installing');
  const size = await megabytes(path);
  console.log(`npm ci --omit=dev --omit=optional: ${size} MB`);
  expect(size).toBeLessThanOrEqual(MAX_MEGABYTES.production);
});
