import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { inClone, root } from './clone.js';
import { compareInstalled, installInto } from './lock-file.js';
import { environmentOutside } from './npm.js';
import { SetupError } from './setup-error.js';

/** The major version of Node.js that usergraph needs. */
const MAJOR = 24;
/** The disk space in MB of the package, with and without the headers. */
const MEGABYTES = { unpacked: 190, installed: 122 };

const folder = inClone('runtime', 'node');
const binary = join(folder, 'node_modules', 'node', 'bin', 'node');
/** Where npm's scripts find it. */
const link = inClone('node_modules', '.bin', 'node');

/** Whether this process runs on a Node.js in the clone. Determined before npm replaces that one. */
const runsOnClone = realpathSync(process.execPath).startsWith(root + sep);

/** @returns {string | undefined} why Node.js has to be installed; undefined if the machine's, or the installed one, can be used. */
export function nodeReason() {
  if (!runsOnClone && isSupported(process.version)) return undefined;
  if (isInstalled() && linkWorks()) return undefined;
  const version = runsOnClone ? versionOf('node') : process.version;
  if (isSupported(version)) return undefined;
  return `this machine has ${version ? `Node.js ${version.slice(1)}` : 'no Node.js'}, and usergraph runs on Node.js ${MAJOR}`;
}

const isInstalled = () => compareInstalled(folder, () => true).reason === undefined;

/** @throws {SetupError} if npm fails, or if its Node.js does not work on this machine. */
export async function installNode() {
  if (!isInstalled()) {
    await installInto(folder, ['ci'], {
      title: `Installing Node.js ${MAJOR} (${MEGABYTES.installed} MB of disk space): ${nodeReason()}.`,
      unpackedMegabytes: MEGABYTES.unpacked,
    });
    removeHeaders();
  }
  rmSync(link, { force: true });
  mkdirSync(join(link, '..'), { recursive: true });
  symlinkSync(relative(join(link, '..'), binary), link);
  if (linkWorks()) return;
  throw new SetupError(
    `The Node.js ${MAJOR} of npm's package "node" does not run on this machine (${process.platform}-${process.arch}). Install Node.js ${MAJOR} or later yourself, from https://nodejs.org or with a version manager; or, if npm ignores install scripts, allow them (npm config set ignore-scripts false). Then delete runtime/node/node_modules and run the command again.`,
  );
}

const linkWorks = () => isSupported(versionOf(link));

/** The version that a program prints, such as `v24.1.0`; empty if it does not run. The clone's own is not searched in PATH. */
function versionOf(/** @type {string} */ program) {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', env: environmentOutside() });
  return stdout?.trim() ?? '';
}

const isSupported = (/** @type {string} */ version) => Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) >= MAJOR;

/** Removes the C headers, more than a third of the package; only the compilation of native add-ons needs them. */
function removeHeaders() {
  const platforms = join(folder, 'node_modules', 'node', 'node_modules');
  for (const entry of existsSync(platforms) ? readdirSync(platforms, { withFileTypes: true }) : []) {
    if (entry.isDirectory()) rmSync(join(platforms, entry.name, 'include'), { recursive: true, force: true });
  }
}
