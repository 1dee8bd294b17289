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

/** Clones the last commit, without the history. */
async function clone(name: string): Promise<string> {
  const path = join(folder, name);
  await run('git', ['clone', '-q', '--depth', '1', `file://${process.cwd()}`, path]);
  return path;
}

async function megabytes(path: string): Promise<number> {
  return Number.parseInt((await run('du', ['-sm', path])).stdout, 10);
}

/**
 * The environment of this process, with its settings for npm, but with an empty npm cache and without the Node.js of this
 * repository.
 * @param nodeFolder the folder of the Node.js to use; by default that of the machine.
 */
function environment(path: string, nodeFolder?: string): Record<string, string> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((entry) => !/node_modules|node-gyp/.test(entry));
  const inherited = Object.entries(process.env).flatMap(([name, value]) => {
    const isOfThisRun = name === 'DATABASE_URL' || /^npm_(package|lifecycle|config_local_prefix)/.test(name);
    return value === undefined || isOfThisRun ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(inherited),
    PATH: [...(nodeFolder ? [nodeFolder] : []), ...folders].join(delimiter),
    NODE_COMPILE_CACHE: join(path, 'node_modules/.cache/compile'),
    npm_config_cache: join(folder, 'cache'),
  };
}

const npmStart = (cwd: string): Start => ({ command: ['npm', '--prefix', cwd, 'start'], detached: true });

it('of a fresh clone by npm start shows its progress, serves GraphiQL, and stays small', async () => {
  const path = await clone('fresh');
  await using gateway = await startGateway(environment(path), npmStart(path));
  expect(gateway.output()).toMatch(
    /Installing production packages \(\d+ packages, \d+ MB of disk space\): no packages are installed\./,
  );
  expect(gateway.output()).toMatch(/ {2}(unpacked \d+ of \d+ MB \(\d+ %\) after|npm took) \d+ s/);
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
  const env = environment(path, dirname(process.execPath));
  await run('npm', ['ci', '--omit=dev', '--omit=optional'], { cwd: path, env });
  await using database = await createDatabase();
  const settings = { ...env, DATABASE_URL: database.connection.connectionString };
  const npm = async (...args: string[]) => (await run('npm', ['run', ...args], { cwd: path, env: settings })).stdout;
  const outputs = [await npm('db:migrate'), await npm('cli', '--', 'workspaces', 'create', 'Acme')];
  await using gateway = await startGateway(settings, npmStart(path));
  outputs.push(gateway.output());
  expect(outputs).toEqual([
    expect.stringContaining('The database is up to date.'),
    expect.stringContaining('Acme'),
    expect.stringContaining('listening'),
  ]);
  expect(outputs.join('')).not.toContain('Installing');
  const size = await megabytes(path);
  console.log(`npm ci --omit=dev --omit=optional: ${size} MB`);
  expect(size).toBeLessThanOrEqual(MAX_MEGABYTES.production);
});
