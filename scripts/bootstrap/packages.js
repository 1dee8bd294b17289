import { root } from './clone.js';
import { compareInstalled, installedEntries, installInto, lockedEntries } from './lock-file.js';

/**
 * The packages of `dependencies`, or of `devDependencies` as well.
 * @typedef {'production' | 'all'} Scope
 */

/** Size of `node_modules` in MB right after npm has finished; test/suites/installation.test.ts compares. */
const MEGABYTES = { production: 172, all: 745 };

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
  const what = `${scope} packages (${count} packages, ${MEGABYTES[scope]} MB)`;
  await installInto(root, [...command, ...options], {
    title: `Installing ${what}: ${packagesReason(requested)}.`,
    megabytes: MEGABYTES[scope],
  });
}
