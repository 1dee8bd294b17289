import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createEmptyDatabase } from './database.ts';

/** A database with a function that runs SQL on it. */
export interface EmptyDatabase extends AsyncDisposable {
  connectionString: string;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

/** Creates a database without tables and connects to it. */
export async function openEmptyDatabase(): Promise<EmptyDatabase> {
  const database = await createEmptyDatabase();
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  return {
    connectionString: database.connectionString,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    async [Symbol.asyncDispose]() {
      await client.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Copies prisma/ to a temporary folder. @param until omits this migration and newer ones. */
export async function copyPrisma({ until }: { until?: string } = {}) {
  const path = await mkdtemp(join(tmpdir(), 'usergraph-migrations-'));
  await cp('prisma', join(path, 'prisma'), { recursive: true });
  const migrations = join(path, 'prisma', 'migrations');
  const newer = (await readdir(migrations)).filter((name) => /^\d/.test(name) && until !== undefined && name >= until);
  await Promise.all(newer.map((name) => rm(join(migrations, name), { recursive: true })));
  const file = (name: string) => join(migrations, name, 'migration.sql');
  return {
    /** The folder that contains `prisma/`. */
    path,
    migrations,
    /** The names of the migrations, oldest first. */
    list: async () => (await readdir(migrations)).filter((name) => /^\d/.test(name)).sort(),
    read: (name: string) => readFile(file(name), 'utf8'),
    async write(name: string, sql: string) {
      await mkdir(join(migrations, name), { recursive: true });
      await writeFile(file(name), sql);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
