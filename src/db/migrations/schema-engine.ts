import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  mockAdapter,
  mockMigrationAwareAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import type { Connection } from '../client.ts';
import { MigrationAdapterFactory } from './engine-adapter.ts';

/** A committed migration: the name of its folder and its SQL. */
export interface Migration {
  name: string;
  sql: string;
}

/** A Prisma schema with no tables: what the first migration starts from. */
export const EMPTY_SCHEMA = 'datasource db {\n  provider = "postgresql"\n}\n';

// Node has it; its types are in lib.dom, which would bring a browser's globals along.
declare const WebAssembly: {
  instantiate(
    code: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

const filters = { externalTables: [], externalEnums: [] };
let loading: Promise<void> | undefined;

/**
 * Applies the migrations that the database has not had, with Prisma's schema engine, which keeps
 * `_prisma_migrations` and holds Prisma's own advisory lock meanwhile.
 *
 * @param migrations all of them, oldest first.
 * @returns the names of those applied.
 * @throws {Error} with the engine's message (several lines) when one fails; it is then undone as a
 *   whole, unless it commits by itself, and stays in `_prisma_migrations` unfinished.
 */
export async function applyMigrations(connection: Connection, migrations: Migration[]): Promise<string[]> {
  // One connection that stays: the engine's lock and the settings are the session's.
  const pool = new pg.Pool({ ...connection, max: 1, idleTimeoutMillis: 0 });
  try {
    // The engine looks for its table in `public`; the adapter takes every session for one in UTC.
    await pool.query("SET search_path TO public; SET TIME ZONE 'UTC'");
    using engine = await openEngine(new MigrationAdapterFactory(pool));
    const { appliedMigrationNames } = await engine.applyMigrations({
      filters,
      migrationsList: {
        baseDir: 'prisma/migrations',
        lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
        shadowDbInitScript: '',
        migrationDirectories: migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
    });
    return appliedMigrationNames;
  } finally {
    await pool.end();
  }
}

/**
 * The SQL that takes a database from one Prisma schema to another, or null where they do not differ.
 * Needs no database.
 *
 * @throws {Error} with Prisma's explanation (several lines) when a schema is not valid.
 */
export async function diffSchemas(from: string, to: string): Promise<string | null> {
  using engine = await openEngine(offlineFactory);
  const target = (content: string) => ({
    tag: 'schemaDatamodel' as const,
    files: [{ path: 'schema.prisma', content }],
  });
  const { exitCode, stdout } = await engine.diff({
    from: target(from),
    to: target(to),
    script: true,
    exitCode: true,
    filters,
  });
  return exitCode === 0 ? null : stdout;
}

async function openEngine(factory: SqlMigrationAwareDriverAdapterFactory): Promise<bindings.SchemaEngine> {
  loading ??= loadEngine();
  await loading;
  return bindings.SchemaEngine.new({ datamodels: undefined }, () => {}, bindMigrationAwareSqlAdapterFactory(factory));
}

/** Does what the package's own entry does, which Node answers with an ExperimentalWarning. */
async function loadEngine(): Promise<void> {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const code = await readFile(glue.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(code, {
    './schema_engine_bg.js': { ...bindings, ...idleTimers() },
  });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start !== 'function') throw new Error('@prisma/schema-engine-wasm has no __wbindgen_start');
  start();
}

/** The engine never clears its 10 s limit on the wait for a lock; as it is, the process could not end before. */
function idleTimers(): Record<string, object> {
  const names = Object.keys(bindings).filter((name) => name.startsWith('__wbg_setTimeout_'));
  const setIdleTimeout = (callback: () => void, ms: number) => setTimeout(callback, ms).unref();
  return Object.fromEntries(names.map((name) => [name, setIdleTimeout]));
}

/** Answers the one question that a `diff` between two files asks: which server is this? The oldest supported. */
const offlineFactory: SqlMigrationAwareDriverAdapterFactory = {
  ...mockMigrationAwareAdapterFactory('postgres'),
  connect: async () => ({
    ...mockAdapter('postgres'),
    queryRaw: async () => ({
      columnNames: ['exists', 'version', 'numeric_version'],
      columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
      rows: [[true, 'PostgreSQL 14.0', 140_000]],
    }),
  }),
};
