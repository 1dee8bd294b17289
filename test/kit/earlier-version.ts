import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { npmEnvironment } from './npm-environment.ts';

const MIGRATIONS = 'prisma/migrations';
const INSTALL = ['ci', '--omit=dev', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];

const run = promisify(execFile);
const gitIn = async (cwd: string, ...args: string[]) =>
  (await run('git', args, { cwd, maxBuffer: 64 * 1024 ** 2 })).stdout.trim();

/** An installed version of usergraph. */
export interface Version extends AsyncDisposable {
  /** The folder of the installation. */
  path: string;
  commit: string;
  /** The migrations of the present version that it does not know. */
  unknown: string[];
}

/**
 * Finds the newest commit that lacks the newest migration.
 * @throws {Error} if the history does not reach it, as in a shallow clone.
 */
export async function findEarlierCommit(repository = '.'): Promise<string> {
  const newest = (await migrationsOf(repository)).at(-1);
  const path = `${MIGRATIONS}/${newest}`;
  const added = await gitIn(repository, 'log', '--diff-filter=A', '--format=%H', '-1', '--', path);
  return gitIn(repository, 'rev-parse', '--verify', added === '' ? 'HEAD' : `${added}^1`);
}

/**
 * Checks out a commit into a folder of its own, with its own packages if it has other ones than the present version. Disposing of it
 * deletes the folder.
 */
export async function openVersion(commit: string): Promise<Version> {
  const path = await mkdtemp(join(tmpdir(), 'usergraph-earlier-'));
  const archive = join(path, 'archive.tar');
  await gitIn('.', 'archive', `--output=${archive}`, commit);
  await run('tar', ['-xf', archive, '-C', path]);
  await rm(archive);
  if (await hasItsPackages(path)) await symlink(resolve('node_modules'), join(path, 'node_modules'));
  else await run('npm', INSTALL, { cwd: path, env: npmEnvironment() });
  const known = await migrationsOf(path);
  return {
    path,
    commit: commit.slice(0, 7),
    unknown: (await migrationsOf('.')).filter((migration) => !known.includes(migration)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function migrationsOf(path: string): Promise<string[]> {
  const entries = await readdir(join(path, MIGRATIONS), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Whether the present version has all production packages of another one, in the same versions. */
async function hasItsPackages(path: string): Promise<boolean> {
  const [present, needed] = await Promise.all([productionPackages('.'), productionPackages(path)]);
  return [...needed].every(([folder, version]) => present.get(folder) === version);
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string(), dev: z.boolean(), optional: z.boolean(), devOptional: z.boolean() }).partial(),
  ),
});

/** The folders and versions of the production packages of a lock file. */
async function productionPackages(path: string): Promise<Map<string, string | undefined>> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(path, 'package-lock.json'), 'utf8')));
  return new Map(
    Object.entries(packages)
      .filter(([folder, { dev, optional, devOptional }]) => folder !== '' && !dev && !optional && !devOptional)
      .map(([folder, { version }]) => [folder, version]),
  );
}
