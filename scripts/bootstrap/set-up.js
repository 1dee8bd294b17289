import { withLock } from './lock.js';
import { installNode, nodeReason } from './node-runtime.js';
import { installPackages, packagesReason } from './packages.js';
import { SetupError } from './setup-error.js';

/**
 * Installs what is missing. Prints the reason of a failure and sets the exit code.
 * @param {import('./packages.js').Scope} scope the packages that the command needs.
 */
export async function setUp(scope) {
  try {
    if (!packagesReason(scope) && !nodeReason()) return;
    await withLock(async () => {
      if (packagesReason(scope)) await installPackages(scope);
      if (nodeReason()) await installNode();
    });
  } catch (error) {
    console.error(`Setting up usergraph failed: ${error instanceof SetupError ? error.message : error}`);
    process.exitCode = 1;
  }
}
