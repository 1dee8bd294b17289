import { inClone } from './clone.js';
import { compareInstalled, fitsPlatform, installInto, lockedEntries } from './lock-file.js';

/** The disk space in MB of the package. */
const MEGABYTES = 60;

const folder = inClone('runtime', 'postgres');

/** @returns why it has to be installed; undefined if it is, or if there is none for this platform, which the gateway reports. */
export function postgresReason() {
  return lockedEntries(folder).length === 0 ? undefined : compareInstalled(folder, fitsPlatform).reason;
}

/** @throws {import('./setup-error.js').SetupError} if npm fails. */
export async function installPostgres() {
  await installInto(folder, ['ci', '--include=optional'], {
    title: `Installing PostgreSQL (${MEGABYTES} MB of disk space) for an embedded database; none is needed if DATABASE_URL is set.`,
    unpackedMegabytes: MEGABYTES,
  });
}
