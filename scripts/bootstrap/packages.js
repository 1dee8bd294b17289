import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inClone } from './clone.js';
import { runNpm } from './npm.js';

/**
 * The packages that a command needs: those of `dependencies`, or `devDependencies` as well.
 * @typedef {'production' | 'all'} Scope
 */

/**
 * An entry of a lock file. `dev`, `optional` and `devOptional` tell which kinds of dependencies need the package.
 * @typedef {{ version?: string, integrity?: string, dev?: boolean, optional?: boolean, devOptional?: boolean, os?: string[],
 *   cpu?: string[] }} Entry
 */

/** Size of `node_modules` in MB right after npm has finished; test/unit/installation-size.test.ts compares. */
export const INSTALLED_MB = { production: 245, all: 960 };

/** npm's list of what it has installed; it writes this file last. */
const INSTALLED = 'node_modules/.package-lock.json';
/** Exists while npm adds packages. After a kill, npm would take a half-extracted package for complete. */
const unfinished = inClone('node_modules', '.unfinished-install');

/**
 * @param {Scope} scope
 * @returns {string | undefined} why npm has to run; undefined if it does not.
 */
export function packagesReason(scope) {
  if (!existsSync(inClone(INSTALLED))) return 'no packages are installed';
  if (existsSync(unfinished)) return 'the last installation was interrupted';
  const { outdated, missing } = compare(scope);
  if (outdated) return `${outdated} does not match package-lock.json`;
  return missing && `${missing} is not installed`;
}

/**
 * Installs the packages of a scope. Development packages that are already installed are kept up to date too. If packages are
 * only missing, npm adds them, so that a running gateway keeps its own; otherwise `npm ci` replaces `node_modules`.
 * @param {Scope} requested
 * @throws {SetupError} if npm fails.
 */
export async function installPackages(requested) {
  const hasDevelopment = Object.values(entries(INSTALLED)).some(({ dev }) => dev);
  const scope = hasDevelopment ? 'all' : requested;
  const reason = packagesReason(requested);
  const canAdd = existsSync(inClone(INSTALLED)) && !existsSync(unfinished) && !compare(scope).outdated;
  const development = scope === 'all' ? '--include=dev' : '--omit=dev';
  const what = scope === 'all' ? 'all packages' : 'the packages that the gateway needs';
  mkdirSync(inClone('node_modules'), { recursive: true });
  writeFileSync(unfinished, '');
  await runNpm([...(canAdd ? ['install', '--no-save'] : ['ci']), development, '--include=optional'], {
    title: `Installing ${what} (${countOf(scope)} packages, ${INSTALLED_MB[scope]} MB): ${reason}.`,
    folder: inClone('node_modules'),
    megabytes: INSTALLED_MB[scope],
  });
  rmSync(unfinished, { force: true });
}

/**
 * Compares the installed packages with package-lock.json. Optional packages may be missing: those of other platforms, and in
 * an installation with `--omit=optional` the embedded PostgreSQL.
 * @param {Scope} scope
 * @returns {{ outdated?: string, missing?: string }} the first package of another version, and the first that is missing.
 */
function compare(scope) {
  const installed = entries(INSTALLED);
  let missing;
  for (const [path, entry] of locked(scope)) {
    const found = installed[path];
    const name = path.replace(/^.*node_modules\//, '');
    if (found && (found.version !== entry.version || found.integrity !== entry.integrity)) return { outdated: name };
    const isOptional = entry.optional || (scope === 'production' && entry.devOptional);
    if (!found && !isOptional) missing ??= name;
  }
  return { missing };
}

/** @returns {[string, Entry][]} the packages of package-lock.json that belong to a scope. */
function locked(/** @type {Scope} */ scope) {
  const all = Object.entries(entries('package-lock.json')).filter(([path]) => path !== '');
  return scope === 'all' ? all : all.filter(([, { dev }]) => !dev);
}

/** Number of packages that npm installs on this platform. */
function countOf(/** @type {Scope} */ scope) {
  const fits = (/** @type {string[] | undefined} */ values, /** @type {string} */ own) => !values || values.includes(own);
  return locked(scope).filter(([, { os, cpu }]) => fits(os, process.platform) && fits(cpu, process.arch)).length;
}

/** @returns {Record<string, Entry>} */
function entries(/** @type {string} */ lockFile) {
  try {
    return JSON.parse(readFileSync(inClone(lockFile), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
