// Installs the dependencies of bench/ from its lock file and generates the tutorial server's Prisma client, if they are
// missing or out of date.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { generateTutorialClient } from './tutorial/generate.ts';

const folder = import.meta.dirname;

/** Compares with a copy of the lock file: npm's own in `node_modules` omits the optional packages of other platforms. */
function isCurrent(): boolean {
  try {
    const locked = readFileSync(`${folder}/package-lock.json`, 'utf8');
    return readFileSync(`${folder}/node_modules/.installed-lock.json`, 'utf8') === locked;
  } catch {
    return false;
  }
}

if (!isCurrent()) {
  process.stdout.write("Installing the benchmark's dependencies (npm ci in bench/).\n");
  const script = `npm ci --include=dev --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock.json`;
  // Without this, Prisma's install script downloads an engine that the benchmark does not need.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  const { status } = spawnSync('sh', ['-c', script], { cwd: folder, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
generateTutorialClient();
