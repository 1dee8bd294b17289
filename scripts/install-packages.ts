import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Installs the packages of a folder that has its own lock file, if they are missing or out of date. If npm fails, ends the
 * process with its exit code.
 *
 * @param folder an absolute path.
 * @param environment variables for the install scripts.
 */
export function installPackages(folder: string, environment: Record<string, string> = {}): void {
  if (isCurrent(folder)) return;
  process.stdout.write(`Installing packages (npm ci in ${folder}).\n`);
  const script = `npm ci --include=dev --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock.json`;
  const env = { ...process.env, ...environment };
  const { status } = spawnSync('sh', ['-c', script], { cwd: folder, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Compares with a copy of the lock file: npm's own in `node_modules` omits the optional packages of other platforms. */
function isCurrent(folder: string): boolean {
  try {
    const locked = readFileSync(`${folder}/package-lock.json`, 'utf8');
    return readFileSync(`${folder}/node_modules/.installed-lock.json`, 'utf8') === locked;
  } catch {
    return false;
  }
}
