import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diffSchemas, EMPTY_SCHEMA } from '../../../scripts/schema-engine.ts';
import { MIGRATIONS_DIRECTORY, migrate } from '../../../src/db/migrations/migrate.ts';
import { type EmptyDatabase, openEmptyDatabase } from '../../kit/migrations.ts';

const schema = await readFile(join(MIGRATIONS_DIRECTORY, '../schema.prisma'), 'utf8');

describe('the committed migrations', () => {
  it('create the database that the schema describes', async () => {
    await using migrated = await openEmptyDatabase();
    await using described = await openEmptyDatabase();
    await migrate(migrated);
    await described.rows((await diffSchemas(EMPTY_SCHEMA, schema)) ?? '');
    await migrated.rows('DROP TABLE _prisma_migrations');

    const catalogue = await readCatalogue(migrated);
    expect(catalogue.columns.length).toBeGreaterThan(0);
    expect(catalogue).toEqual(await readCatalogue(described));
  });

  it('include every change of the schema', async () => {
    const snapshot = await readFile(join(MIGRATIONS_DIRECTORY, 'schema.prisma.snapshot'), 'utf8');
    expect(await diffSchemas(snapshot, schema), 'run npm run db:migration NAME').toBeNull();
  });

  it('start every key, index and foreign key with workspace_id; foreign keys cascade deletions and have no ON UPDATE action', async () => {
    await using database = await openEmptyDatabase();
    await migrate(database);

    const indexes = await database.rows(`
      SELECT c.relname AS name, i.indisunique AS unique, a.attname AS first
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_class t ON t.oid = i.indrelid
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_prisma_migrations'`);
    expect(indexes.length).toBeGreaterThan(9);
    // A key is looked up before its workspace is known; the table of rate-limiter-flexible has the workspace in its key; words start
    // with digits of their workspace; processes that compute segments serve all workspaces.
    const others = indexes.filter(({ first }) => first !== 'workspace_id');
    expect(others.sort((a, b) => String(a.name).localeCompare(String(b.name)))).toEqual([
      { name: 'api_keys_public_key_idx', unique: false, first: 'public_key' },
      { name: 'rate_limit_points_pkey', unique: true, first: 'key' },
      { name: 'segment_workers_pkey', unique: true, first: 'id' },
      { name: 'user_words_words_idx', unique: false, first: 'words' },
    ]);

    const foreignKeys = await database.rows(`
      SELECT f.conname AS name, f.confdeltype AS "onDelete", f.confupdtype AS "onUpdate", f.convalidated AS "isValid", own.attname AS own, other.attname AS other
      FROM pg_constraint f
      JOIN pg_attribute own ON own.attrelid = f.conrelid AND own.attnum = f.conkey[1]
      JOIN pg_attribute other ON other.attrelid = f.confrelid AND other.attnum = f.confkey[1]
      WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace`);
    expect(foreignKeys.length).toBeGreaterThan(0);
    for (const foreignKey of foreignKeys) {
      expect(foreignKey).toMatchObject({
        onDelete: 'c',
        onUpdate: 'a',
        isValid: true,
        own: 'workspace_id',
        other: 'workspace_id',
      });
    }
  });
});

async function readCatalogue({ rows }: EmptyDatabase) {
  return {
    columns: await rows(`
      SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS default
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY 1, 2`),
    // Prisma's schema can state neither expressions nor included columns, nor partial indexes.
    indexes: await rows(`
      SELECT indexname, regexp_replace(indexdef, ' INCLUDE .*', '') FROM pg_indexes
      WHERE schemaname = 'public' AND NOT EXISTS (
        SELECT FROM pg_index WHERE indexrelid = format('%I.%I', schemaname, indexname)::regclass AND (indexprs IS NOT NULL OR indpred IS NOT NULL))
      ORDER BY 1`),
    // Those of NOT NULL are named after the table at their creation; `columns` has the property.
    constraints: await rows(`
      SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2`),
    enums: await rows(`
      SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
      WHERE t.typnamespace = 'public'::regnamespace ORDER BY t.typname, e.enumsortorder`),
  };
}
