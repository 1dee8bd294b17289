import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findEarlierCommit } from '../../kit/earlier-version.ts';

const AUTHOR = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', [...AUTHOR, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function addMigration(repository: string, name: string): void {
  mkdirSync(join(repository, 'prisma/migrations', name), { recursive: true });
  writeFileSync(join(repository, 'prisma/migrations', name, 'migration.sql'), 'SELECT 1');
}

/** Commits all files. @returns the commit. */
function commit(repository: string): string {
  git(repository, 'add', '--all');
  git(repository, 'commit', '--message=Change', '--allow-empty');
  return git(repository, 'rev-parse', 'HEAD');
}

it('finds the newest commit without the newest migration, and rejects a history that ends before it', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'usergraph-history-'));
  const repository = join(folder.path, 'full');
  mkdirSync(repository);
  git(repository, 'init');
  addMigration(repository, '1');
  commit(repository);
  const earlier = commit(repository);
  addMigration(repository, '2');
  const newest = commit(repository);
  expect(await findEarlierCommit(repository)).toBe(earlier);

  const shallow = join(folder.path, 'shallow');
  git(folder.path, 'clone', '--depth=1', `file://${repository}`, shallow);
  await expect(findEarlierCommit(shallow)).rejects.toThrow('rev-parse');

  addMigration(repository, '3');
  expect(await findEarlierCommit(repository)).toBe(newest);
});
