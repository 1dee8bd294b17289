// Writes the generated files that are committed: the Prisma client, schema.graphql, subgraph.graphql, openapi.json, the JSON Schema
// of the export of a user, what codegen.ts lists, and the artifacts of the Relay example. With --check it writes nothing, and fails if a file is stale.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { updatePrismaClient } from './prisma-client.ts';
import { compileRelay, relayArtifacts } from './relay-artifacts.ts';

const check = process.argv.includes('--check');
const stale = await updatePrismaClient({ check });

async function writeOrCheck(path: string, content: string): Promise<void> {
  const current = await readFile(path, 'utf8').catch(() => undefined);
  if (current === content) return;
  stale.push(path);
  if (check) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

// These modules load the Prisma client, which may just have been written.
const { printedOpenApi } = await import('../test/kit/printed-openapi.ts');
const { printedSchema, printedSubgraph } = await import('../test/kit/printed-schema.ts');
await writeOrCheck('schema.graphql', printedSchema());
await writeOrCheck('subgraph.graphql', printedSubgraph());
await writeOrCheck('openapi.json', printedOpenApi());
const { printUserExportSchema } = await import('../src/domain/transfer/user-export-schema.ts');
await writeOrCheck('docs/schemas/user-export.schema.json', printUserExportSchema());

// These modules read schema.graphql.
const { generate } = await import('@graphql-codegen/cli');
const { default: codegen } = await import('../codegen.ts');
for (const { filename, content } of await generate({ ...codegen, silent: true }, false))
  await writeOrCheck(filename, content);

const artifacts = await compileRelay();
for (const { filename, content } of artifacts) await writeOrCheck(filename, content);
const current = new Set(artifacts.map(({ filename }) => filename));
for (const name of await readdir(relayArtifacts).catch(() => [])) {
  const path = join(relayArtifacts, name);
  if (current.has(path)) continue;
  stale.push(path);
  if (!check) await rm(path);
}

if (check && stale.length > 0) {
  process.stderr.write(`Generated files are stale: ${stale.join(', ')}. Run npm run generate.\n`);
  process.exit(1);
}
