import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { inClone, node } from './clone.js';
import { run } from './run.js';
import { SetupError } from './setup-error.js';

const runtimeMajor = 24;

/** @returns {string | undefined} why `npm ci` has to run; undefined if it does not. */
export function installReason() {
  if (!existsSync(inClone('node_modules', '.package-lock.json'))) return 'no packages are installed';
  const locked = packages('package-lock.json');
  const installed = packages('node_modules/.package-lock.json');
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found && entry.optional) continue;
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) {
      return `${path.replace(/^.*node_modules\//, '')} does not match package-lock.json`;
    }
  }
  return runtimeWorks() ? undefined : `node_modules/.bin/node is not a working Node ${runtimeMajor}`;
}

/** @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>} */
function packages(/** @type {string} */ lockFile) {
  try {
    return JSON.parse(readFileSync(inClone(lockFile), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

function runtimeWorks() {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.startsWith(`v${runtimeMajor}.`) ?? false;
}

/** @throws {SetupError} if npm fails, or if it installs no working Node. */
export async function install(/** @type {string} */ reason) {
  console.log(`Installing dependencies with npm ci: ${reason}.`);
  // npm must not run on the Node in node_modules, which it replaces.
  const binFolder = resolve(dirname(node));
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => resolve(entry) !== binFolder);
  const { code } = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  if (code !== 0) throw new SetupError(`npm ci failed (${code}); see its messages above.`);
  if (!runtimeWorks()) {
    throw new SetupError(
      `npm ci installed no working Node ${runtimeMajor} in node_modules/.bin. Allow install scripts (npm config set ignore-scripts false) and run the command again.`,
    );
  }
}
