import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { diffSchemas, EMPTY_SCHEMA } from './schema-engine.ts';

// Relative to the repository, where npm runs scripts.
const schemaFile = 'prisma/schema.prisma';
const migrations = 'prisma/migrations';
/** The schema after the last migration. Not named `*.prisma`, so that Prisma tools do not read it as a part of the schema. */
const snapshotFile = `${migrations}/schema.prisma.snapshot`;

/** `npm run db:migration NAME`: writes the difference between the snapshot and the schema as a migration. Needs no database. */
async function main([name = '', ...extraArguments]: string[]): Promise<void> {
  if (!/^[a-z0-9]+([_-][a-z0-9]+)*$/.test(name) || name.length > 100 || extraArguments.length > 0) {
    throw new Error(
      'Usage: npm run db:migration NAME   (a-z, 0-9, _ and -, at most 100 characters; for example add_user_locale)',
    );
  }
  const schema = await readFile(schemaFile, 'utf8');
  const sql = await diffSchemas(await readSnapshot(), schema);
  if (sql === null) {
    console.log(`No changes: ${schemaFile} is the schema of the last migration.`);
    return;
  }
  const folder = `${new Date().toISOString().slice(0, 19).replaceAll(/\D/g, '')}_${name}`;
  await mkdir(`${migrations}/${folder}`, { recursive: true });
  await writeFile(`${migrations}/${folder}/migration.sql`, sql);
  await writeFile(snapshotFile, schema);
  console.log(
    `Wrote ${migrations}/${folder}/migration.sql. Review it and commit it with the snapshot. Run npm run generate to update the Prisma client.`,
  );
}

async function readSnapshot(): Promise<string> {
  try {
    return await readFile(snapshotFile, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return EMPTY_SCHEMA;
    throw error;
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
