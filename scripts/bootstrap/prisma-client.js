import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { inClone, node } from './clone.js';
import { run } from './run.js';
import { SetupError } from './setup-error.js';

const generated = inClone('src', 'db', 'generated');
const generatedFrom = join(generated, 'generated-from.sha256');
/** Prisma writes the client to a path relative to the schema, so a copy of the schema here generates the client in here. */
const buildFolder = inClone('.bootstrap');

function digestOfSources() {
  const hash = createHash('sha256');
  for (const file of ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json']) {
    hash.update(readFileSync(inClone(file))).update('\0');
  }
  return hash.digest('hex');
}

/** Whether the client was generated from the current sources. */
export function clientIsCurrent() {
  if (!existsSync(join(generated, 'client.ts')) || !existsSync(generatedFrom)) return false;
  return readFileSync(generatedFrom, 'utf8') === digestOfSources();
}

/** @throws {SetupError} if Prisma fails; the client is then unchanged. */
export async function generateClient() {
  const digest = digestOfSources();
  // An interrupted setup leaves the folder behind.
  rmSync(buildFolder, { recursive: true, force: true });
  const schema = join(buildFolder, 'prisma', 'schema.prisma');
  mkdirSync(dirname(schema), { recursive: true });
  copyFileSync(inClone('prisma', 'schema.prisma'), schema);
  const prisma = inClone('node_modules', 'prisma', 'build', 'index.js');
  const { code, output } = await run(node, [prisma, 'generate', '--schema', schema], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  });
  if (code !== 0) {
    // Prisma's messages contain the path of the copy.
    console.error(output.trimEnd().replaceAll('.bootstrap/', ''));
    throw new SetupError(`prisma generate failed (${code}); see its messages above.`);
  }
  replaceClient(join(buildFolder, 'src', 'db', 'generated'));
  writeFileSync(generatedFrom, digest);
  rmSync(buildFolder, { recursive: true });
}

/** Replaces each file by an atomic rename, so that a process that is loading the client finds every file. */
function replaceClient(/** @type {string} */ newClient) {
  const names = readdirSync(newClient, { recursive: true }).map(String);
  mkdirSync(generated, { recursive: true });
  for (const name of names) {
    if (statSync(join(newClient, name)).isDirectory()) mkdirSync(join(generated, name), { recursive: true });
    else renameSync(join(newClient, name), join(generated, name));
  }
  const current = new Set(names);
  for (const name of readdirSync(generated, { recursive: true }).map(String)) {
    if (!current.has(name)) rmSync(join(generated, name), { recursive: true, force: true });
  }
}
