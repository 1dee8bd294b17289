import { readConfig } from '../src/config.ts';
import { migrate } from '../src/db/migrate.ts';

/** `npm run db:migrate`: applies the committed migrations to the database that DATABASE_URL names. */
async function main(): Promise<void> {
  const { databaseUrl: connectionString } = readConfig(process.env);
  if (connectionString === undefined) {
    throw new Error('DATABASE_URL is not set; it names the database, as postgres://user:password@host:5432/usergraph');
  }
  const applied = await migrate({ connectionString });
  for (const name of applied) console.log(`Applied ${name}`);
  console.log(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.length} migration(s).`);
}

main().catch((error: unknown) => {
  console.error(`db:migrate failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
