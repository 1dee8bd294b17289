import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { generateTutorialClient } from './tutorial/generate.ts';

/** Makes `bench/` ready: its peers as its lock file names them, and the client of the tutorial stack. Says nothing where all is there. */
const folder = import.meta.dirname;

/** The lock that npm leaves in `node_modules` names what is installed, with the optional packages of other systems left out. */
function isCurrent(): boolean {
  try {
    const wanted = readFileSync(`${folder}/package-lock.json`, 'utf8');
    return readFileSync(`${folder}/node_modules/.installed-lock.json`, 'utf8') === wanted;
  } catch {
    return false;
  }
}

if (!isCurrent()) {
  process.stdout.write('Installing what usergraph is measured against (npm ci in bench/).\n');
  const script = `npm ci --include=dev --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock.json`;
  // Prisma's set-up otherwise tries to download an engine that nothing here needs.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  const { status } = spawnSync('sh', ['-c', script], { cwd: folder, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
generateTutorialClient();
