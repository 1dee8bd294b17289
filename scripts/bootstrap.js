// Prepares a clone: installs the dependencies and generates the Prisma client if they are missing or out of date. npm's pre…
// scripts call it, so it must run on Node 20 or later without any dependencies.
import { withLock } from './bootstrap/lock.js';
import { install, installReason } from './bootstrap/packages.js';
import { clientIsCurrent, generateClient } from './bootstrap/prisma-client.js';
import { SetupError } from './bootstrap/setup-error.js';

try {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(`Node 20 or later is required; got ${process.version}.`);
  }
  if (installReason() !== undefined || !clientIsCurrent()) {
    await withLock(async () => {
      const reason = installReason();
      if (reason !== undefined) await install(reason);
      if (!clientIsCurrent()) await generateClient();
    });
  }
} catch (error) {
  console.error(`Setting up usergraph failed: ${error instanceof SetupError ? error.message : error}`);
  process.exitCode = 1;
}
