import { root } from './clone.js';
import { compareInstalled, installedEntries, installInto, lockedEntries } from './lock-file.js';

/**
 * The packages of `dependencies`, or of `devDependencies` as well.
 * @typedef {'production' | 'all'} Scope
 */

/** The disk space in MB of `node_modules`; what `scripts/prune-packages.js` removes is only in `unpacked`. */
const MEGABYTES = { production: { unpacked: 174, installed: 117 }, all: { unpacked: 984, installed: 927 } };

/**
 * The tree of `npm ci --omit=dev --omit=optional` has all packages of production.
 * @type {Record<Scope, (entry: import('./lock-file.js').Entry) => boolean>}
 */
const isNeeded = {
  production: ({ dev, optional, devOptional }) => !dev && !optional && !devOptional,
  all: ({ optional }) => !optional,
};

/** @returns why npm has to run; undefined if it does not. */
export const packagesReason = (/** @type {Scope} */ scope) => compareInstalled(root, isNeeded[scope]).reason;

/**
 * Installs the packages of a scope. Development packages that are already installed are kept up to date too. If packages are
 * only missing, npm adds them, so that a running gateway keeps its own; otherwise `npm ci` replaces `node_modules`.
 * @param {Scope} requested
 * @throws {import('./setup-error.js').SetupError} if npm fails.
 */
export async function installPackages(requested) {
  const scope = installedEntries(root).some(({ dev }) => dev) ? 'all' : requested;
  const { canAdd } = compareInstalled(root, isNeeded[scope]);
  const command = canAdd ? ['install', '--no-save'] : ['ci'];
  const options = scope === 'all' ? ['--include=dev', '--include=optional'] : ['--omit=dev', '--omit=optional'];
  const count = lockedEntries(root).filter(scope === 'all' ? () => true : isNeeded.production).length;
  const { unpacked, installed } = MEGABYTES[scope];
  const what = `${scope} packages (${count} packages, ${installed} MB of disk space)`;
  await installInto(root, [...command, ...options], {
    title: `Installing ${what}: ${packagesReason(requested)}.`,
    unpackedMegabytes: unpacked,
  });
}
