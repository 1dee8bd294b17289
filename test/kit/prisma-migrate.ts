// Does what `prisma migrate deploy` and `prisma migrate status` do: `node prisma-migrate.ts deploy|status URL DIRECTORY`. The
// `prisma` CLI needs a native engine that has to be downloaded; this runs the same engine from its WebAssembly build. A program,
// because the engine keeps its advisory lock until its process ends.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { filters, openEngine } from '../../scripts/schema-engine.ts';

/** PrismaPg splits a script at each `;`, also inside function bodies; this sends a script as it is. */
class ScriptAdapterFactory extends PrismaPg {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    super(pool);
    this.#pool = pool;
  }

  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await this.#pool.query(script);
    };
    return adapter;
  }
}

async function listMigrations(directory: string) {
  const names = (await readdir(directory)).filter((name) => /^\d/.test(name)).sort();
  return {
    baseDir: directory,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (name) => {
        const value = await readFile(join(directory, name, 'migration.sql'), 'utf8');
        return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } };
      }),
    ),
  };
}

const [command, connectionString, directory = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 0 });
await pool.query("SET search_path TO public; SET TIME ZONE 'UTC'");
const engine = await openEngine(new ScriptAdapterFactory(pool));
const migrationsList = await listMigrations(directory);
const result =
  command === 'deploy'
    ? (await engine.applyMigrations({ filters, migrationsList })).appliedMigrationNames
    : await engine.diagnoseMigrationHistory({ filters, migrationsList, optInToShadowDatabase: false });
process.stdout.write(JSON.stringify(result), () => process.exit());
