import { withLock } from './lock.js';
import { installNode, nodeReason } from './node.js';
import { installPackages, packagesReason } from './packages.js';
import { installPostgres, postgresReason } from './postgres.js';
import { SetupError } from './setup-error.js';

/**
 * Installs what is missing. Prints the reason of a failure and sets the exit code.
 * @param {string[]} options `--dev` and `--postgres`.
 */
export async function setUp(options) {
  const scope = options.includes('--dev') ? 'all' : 'production';
  const needsPostgres = scope === 'all' || (options.includes('--postgres') && !process.env.DATABASE_URL);
  /** In this order: Node.js is linked into the folder of the packages. */
  const parts = [
    { reason: () => packagesReason(scope), install: () => installPackages(scope) },
    { reason: nodeReason, install: installNode },
    ...(needsPostgres ? [{ reason: postgresReason, install: installPostgres }] : []),
  ];
  try {
    if (parts.every(({ reason }) => reason() === undefined)) return;
    await withLock(async () => {
      for (const { reason, install } of parts) if (reason() !== undefined) await install();
    });
  } catch (error) {
    console.error(`Setting up usergraph failed: ${error instanceof SetupError ? error.message : error}`);
    process.exitCode = 1;
  }
}
