import { readCommandConfig } from '../src/config/index.ts';
import { openDatabase } from '../src/db/client.ts';
import { migrate } from '../src/db/migrations/migrate.ts';
import { primaryUrlOf } from '../src/db/servers/find-primary.ts';
import { checkUids } from '../src/domain/users/check-uids.ts';
import { listWorkspaces } from '../src/domain/workspaces/workspaces.ts';

/** `npm run db:migrate`: applies the committed migrations to the database of DATABASE_DIRECT_URL, by default DATABASE_URL. */
async function main(): Promise<void> {
  const { databaseDirectUrls: urls } = readCommandConfig(process.env);
  if (urls === undefined) {
    throw new Error(
      'DATABASE_URL is not set. Set it to the URL of the database: postgres://user:password@host:5432/usergraph',
    );
  }
  const connectionString = await primaryUrlOf(urls);
  const applied = await migrate({ connectionString }, undefined, { onWaiting: console.log });
  for (const name of applied) console.log(`Applied ${name}`);
  console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.length} migration(s).`);
  // Reads every user, so it runs only after the migration that normalizes uids.
  if (applied.some((name) => name.endsWith('_normalize_uids')) && (await hasUidFaults(connectionString))) {
    console.log(UID_HINT);
  }
}

const UID_HINT =
  'Some users cannot be looked up by their uid, or share its Unicode normal form C with another user. To list them: npm run cli -- users check-uids';

/** Whether any workspace has a user who cannot be looked up by uid. */
async function hasUidFaults(connectionString: string): Promise<boolean> {
  // Also behind a connection pooler in session mode, which rejects timeouts in the startup packet.
  const db = openDatabase({ connectionString, timeoutsAtPooler: true }, { poolSize: 1 });
  try {
    for (const { id } of await listWorkspaces(db)) {
      if ((await checkUids(db, id)).length > 0) return true;
    }
    return false;
  } finally {
    await db.$disconnect();
  }
}

main().catch((error: unknown) => {
  console.error(`db:migrate failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
