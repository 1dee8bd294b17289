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
 * Makes the tutorial's own Prisma client, and the types that Pothos reads, of the product's schema; does nothing where they
 * are there.
 * @throws with what Prisma says, where it fails.
 */
export function generateTutorialClient(): void {
  const product = readFileSync(join(import.meta.dirname, '../../prisma/schema.prisma'), 'utf8');
  const schema = `${GENERATORS}${withUsersEvents(product.replace(/^generator client \{[^}]*\}\n/m, ''))}`;
  const file = join(folder, 'schema.prisma');
  if (readOrNothing(`${file}.generated`) === schema) return;
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
      // Prisma otherwise tries to download an engine that it does not need.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (status !== 0) throw new Error(`prisma generate failed for bench/tutorial:\n${stdout}${stderr}`);
  writeFileSync(`${file}.generated`, schema);
}

/** Relates users and events, which have no foreign key: what plugin-prisma reads, it reads by relations. */
function withUsersEvents(schema: string): string {
  const relation = '@relation(fields: [workspaceId, userId], references: [workspaceId, id])';
  return schema
    .replace(/^ +events +Event\[\]\n/m, '')
    .replace(/^( +segments +SegmentMembership\[\]\n)/m, '$1  events Event[]\n')
    .replace(/^ +workspace .*"events_workspace_fkey"\)\n/m, `  user User ${relation}\n`);
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
