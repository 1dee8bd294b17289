import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './npm.js';

/**
 * An entry of a lock file. `dev`, `optional` and `devOptional` tell which kinds of dependencies need the package.
 * @typedef {{ version?: string, integrity?: string, dev?: boolean, optional?: boolean, devOptional?: boolean, os?: string[],
 *   cpu?: string[] }} Entry
 */

/** npm's list of what it has installed; it writes this file last. */
const INSTALLED = join('node_modules', '.package-lock.json');
/** Exists while npm runs. After a kill, npm would take a half-extracted package for complete. */
const UNFINISHED = join('node_modules', '.unfinished-install');

/**
 * Compares the installed packages of a folder with its package-lock.json.
 * @param {string} folder
 * @param {(entry: Entry) => boolean} isNeeded whether a package has to be installed. Others must have the right version only.
 * @returns {{ reason?: string, canAdd?: boolean }} why npm has to run, if it has to; and whether packages are only missing.
 */
export function compareInstalled(folder, isNeeded) {
  if (!existsSync(join(folder, INSTALLED))) return { reason: 'no packages are installed' };
  if (existsSync(join(folder, UNFINISHED))) return { reason: 'the last installation was interrupted' };
  const installed = readEntries(folder, INSTALLED);
  let missing;
  for (const [path, entry] of Object.entries(readEntries(folder, 'package-lock.json'))) {
    if (path === '' || !isNeeded(entry)) continue;
    const found = installed[path];
    const name = path.replace(/^.*node_modules\//, '');
    if (!found) missing ??= name;
    else if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return { reason: `${name} does not match package-lock.json` };
    }
  }
  return missing ? { reason: `${missing} is not installed`, canAdd: true } : {};
}

/** The entries of the packages that npm has installed in a folder. */
export const installedEntries = (/** @type {string} */ folder) => Object.values(readEntries(folder, INSTALLED));

/** The entries of the packages in a folder's package-lock.json that fit this platform. */
export function lockedEntries(/** @type {string} */ folder) {
  return Object.entries(readEntries(folder, 'package-lock.json')).flatMap(([path, entry]) =>
    path !== '' && fitsPlatform(entry) ? [entry] : [],
  );
}

/** Whether a package can be installed on this platform. */
export function fitsPlatform(/** @type {Entry} */ { os, cpu }) {
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch));
}

/** @returns {Record<string, Entry>} */
function readEntries(/** @type {string} */ folder, /** @type {string} */ file) {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/**
 * Runs npm in a folder.
 * @param {string} folder
 * @param {string[]} args of npm.
 * @param {{ title: string, unpackedMegabytes: number }} progress what is installed and why, and the disk space that npm fills.
 * @throws {import('./setup-error.js').SetupError} if npm fails.
 */
export async function installInto(folder, args, progress) {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(join(folder, UNFINISHED), '');
  await runNpm(args, { ...progress, cwd: folder });
  rmSync(join(folder, UNFINISHED), { force: true });
}
