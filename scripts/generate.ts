// Writes the generated files that are committed: schema.graphql, subgraph.graphql, openapi.json, and the typed documents of
// the tests. With --check it writes nothing, and fails if a file is stale.
import { readFile, writeFile } from 'node:fs/promises';
import { generate } from '@graphql-codegen/cli';
import codegen from '../codegen.ts';
import { printedOpenApi } from '../test/kit/printed-openapi.ts';
import { printedSchema, printedSubgraph } from '../test/kit/printed-schema.ts';

const check = process.argv.includes('--check');
const stale: string[] = [];

async function writeOrCheck(path: string, content: string): Promise<void> {
  const current = await readFile(path, 'utf8').catch(() => undefined);
  if (current === content) return;
  if (check) stale.push(path);
  else await writeFile(path, content);
}

await writeOrCheck('schema.graphql', printedSchema());
await writeOrCheck('subgraph.graphql', printedSubgraph());
await writeOrCheck('openapi.json', printedOpenApi());
for (const { filename, content } of await generate({ ...codegen, silent: true }, false))
  await writeOrCheck(filename, content);

if (stale.length > 0) {
  process.stderr.write(`Generated files are stale: ${stale.join(', ')}. Run npm run generate.\n`);
  process.exit(1);
}
