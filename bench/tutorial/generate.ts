import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'generated');

const GENERATORS = `generator client {
  provider               = "prisma-client"
  output                 = "./client"
  importFileExtension    = "ts"
  generatedFileExtension = "ts"
}

generator pothos {
  provider     = "prisma-pothos-types"
  clientOutput = "./client/client.ts"
  output       = "./pothos-types.ts"
}
`;

/**
 * Generates the tutorial server's Prisma client and Pothos types from the product's schema, unless they are up to date.
 * @throws {Error} with Prisma's output if it fails.
 */
export function generateTutorialClient(): void {
  const product = readFileSync(join(import.meta.dirname, '../../prisma/schema.prisma'), 'utf8');
  const schema = `${GENERATORS}${withUserEventsRelation(product.replace(/^generator client \{[^}]*\}\n/m, ''))}`;
  const file = join(folder, 'schema.prisma');
  if (readIfExists(`${file}.generated`) === schema) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, schema);
  const bench = join(import.meta.dirname, '..');
  const prisma = join(bench, 'node_modules/prisma/build/index.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'generate', '--schema', file], {
    cwd: bench,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${join(bench, 'node_modules/.bin')}:${process.env.PATH}`,
      // Without this, Prisma downloads an engine that it does not need.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (status !== 0) throw new Error(`prisma generate failed for bench/tutorial:\n${stdout}${stderr}`);
  writeFileSync(`${file}.generated`, schema);
}

/** Adds a relation between users and events, which have no foreign key: plugin-prisma loads only relations. */
function withUserEventsRelation(schema: string): string {
  const relation = '@relation(fields: [workspaceId, userId], references: [workspaceId, id])';
  return schema
    .replace(/^ +events +Event\[\]\n/m, '')
    .replace(/^( +devices +Device\[\]\n)/m, '$1  events Event[]\n')
    .replace(/^ +workspace .*"events_workspace_fkey"\)\n/m, `  user User ${relation}\n`);
}

function readIfExists(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
