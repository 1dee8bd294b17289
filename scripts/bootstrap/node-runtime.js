import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import { inClone } from './clone.js';
import { runNpm } from './npm.js';
import { SetupError } from './setup-error.js';

/** The major version of Node.js that usergraph needs. */
const MAJOR = 24;
/** Size in MB of the package right after npm has finished. */
const INSTALLED_MB = 190;

const folder = inClone('scripts', 'node-runtime');
/** Where npm's scripts find it. */
const link = inClone('node_modules', '.bin', 'node');

/** @returns {string | undefined} why Node.js has to be installed; undefined if this one, or the installed one, can be used. */
export function nodeReason() {
  const isInstalledOne = `${realpathSync(process.execPath)}${sep}`.startsWith(`${folder}${sep}`);
  if (!isInstalledOne && majorOf(process.version) >= MAJOR) return undefined;
  return linkWorks() ? undefined : `usergraph runs on Node.js ${MAJOR}, and this is ${process.version}`;
}

function linkWorks() {
  const { stdout } = spawnSync(link, ['--version'], { encoding: 'utf8' });
  return stdout !== null && stdout !== undefined && majorOf(stdout) >= MAJOR;
}

const majorOf = (/** @type {string} */ version) => Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);

/** @throws {SetupError} if npm fails, or if its Node.js does not work on this machine. */
export async function installNode() {
  const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (!linkTo(binary)) {
    await runNpm(['ci'], {
      title: `Installing Node.js ${MAJOR} (${INSTALLED_MB} MB): ${nodeReason()}.`,
      folder: join(folder, 'node_modules'),
      megabytes: INSTALLED_MB,
      cwd: folder,
    });
    removeHeaders();
  }
  if (linkTo(binary)) return;
  throw new SetupError(
    `The Node.js ${MAJOR} of npm's package "node" does not run on this machine (${process.platform}-${process.arch}). Install Node.js ${MAJOR} or later yourself, from https://nodejs.org or with a version manager; or, if npm ignores install scripts, allow them (npm config set ignore-scripts false). Then run the command again.`,
  );
}

/** @returns whether the linked Node.js works. */
function linkTo(/** @type {string} */ binary) {
  if (!existsSync(binary)) return false;
  rmSync(link, { force: true });
  mkdirSync(inClone('node_modules', '.bin'), { recursive: true });
  symlinkSync(join('..', '..', 'scripts', 'node-runtime', 'node_modules', 'node', 'bin', 'node'), link);
  return linkWorks();
}

/** Removes the C headers, more than a third of the package; only the compilation of native add-ons needs them. */
function removeHeaders() {
  const platforms = join(folder, 'node_modules', 'node', 'node_modules');
  for (const name of existsSync(platforms) ? readdirSync(platforms) : []) {
    rmSync(join(platforms, name, 'include'), { recursive: true, force: true });
  }
}
