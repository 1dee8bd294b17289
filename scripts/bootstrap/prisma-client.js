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
import { at, node } from './clone.js';
import { run } from './run.js';
import { SetupError } from './setup-error.js';

const generated = at('src', 'db', 'generated');
const generatedFrom = join(generated, 'generated-from.sha256');
/** The schema names the client's folder by a path from its own: from a copy here, Prisma writes below here. */
const workshop = at('.bootstrap');

function digestOfSources() {
  const hash = createHash('sha256');
  for (const file of ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json']) {
    hash.update(readFileSync(at(file))).update('\0');
  }
  return hash.digest('hex');
}

/** Whether the client was generated from what is there now. */
export function clientIsCurrent() {
  if (!existsSync(join(generated, 'client.ts')) || !existsSync(generatedFrom)) return false;
  return readFileSync(generatedFrom, 'utf8') === digestOfSources();
}

/** @throws {SetupError} where Prisma fails; the client is then as it was. */
export async function generateClient() {
  const digest = digestOfSources();
  // What Ctrl-C may have left.
  rmSync(workshop, { recursive: true, force: true });
  const schema = join(workshop, 'prisma', 'schema.prisma');
  mkdirSync(dirname(schema), { recursive: true });
  copyFileSync(at('prisma', 'schema.prisma'), schema);
  const prisma = at('node_modules', 'prisma', 'build', 'index.js');
  const { code, output } = await run(node, [prisma, 'generate', '--schema', schema], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  });
  if (code !== 0) {
    // It names the copy.
    console.error(output.trimEnd().replaceAll('.bootstrap/', ''));
    throw new SetupError(`prisma generate failed (${code}); its own messages are above.`);
  }
  replaceClient(join(workshop, 'src', 'db', 'generated'));
  writeFileSync(generatedFrom, digest);
  rmSync(workshop, { recursive: true });
}

/** File by file, each by a rename: another process that loads the client meanwhile misses none. */
function replaceClient(/** @type {string} */ made) {
  const names = readdirSync(made, { recursive: true }).map(String);
  mkdirSync(generated, { recursive: true });
  for (const name of names) {
    if (statSync(join(made, name)).isDirectory()) mkdirSync(join(generated, name), { recursive: true });
    else renameSync(join(made, name), join(generated, name));
  }
  const wanted = new Set(names);
  for (const name of readdirSync(generated, { recursive: true }).map(String)) {
    if (!wanted.has(name)) rmSync(join(generated, name), { recursive: true, force: true });
  }
}
