import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where the client is committed: usergraph runs without the Prisma CLI. */
const CLIENT = 'src/db/generated';
const SCHEMA = 'prisma/schema.prisma';

/**
 * Makes the committed Prisma client agree with the schema and with the version of Prisma.
 * @param check whether to compare only.
 * @returns the files that differ, relative to the repository.
 * @throws {Error} with Prisma's explanation if the schema is invalid.
 */
export async function updatePrismaClient({ check }: { check: boolean }): Promise<string[]> {
  const [current, generated] = [await readFolder(CLIENT), await generateClient()];
  const paths = [...new Set([...generated.keys(), ...current.keys()])];
  const different = paths.filter((path) => generated.get(path) !== current.get(path));
  for (const path of check ? [] : different) {
    const content = generated.get(path);
    const file = join(CLIENT, path);
    await mkdir(dirname(file), { recursive: true });
    await (content === undefined ? rm(file) : writeFile(file, content));
  }
  return different.map((path) => join(CLIENT, path));
}

/** Prisma writes the client to a path relative to the schema, so a copy of the schema keeps the committed client as it is. */
async function generateClient(): Promise<Map<string, string>> {
  await mkdir('node_modules/.cache', { recursive: true });
  const folder = await mkdtemp('node_modules/.cache/prisma-client-');
  try {
    await mkdir(join(folder, 'prisma'));
    await copyFile(SCHEMA, join(folder, SCHEMA));
    const args = ['node_modules/prisma/build/index.js', 'generate', '--schema', join(folder, SCHEMA)];
    const env = { ...process.env, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    // Prisma's messages contain the path of the copy.
    if (status !== 0) throw new Error(`prisma generate failed:\n${`${stdout}${stderr}`.replaceAll(`${folder}/`, '')}`);
    return await readFolder(join(folder, CLIENT));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The texts of the modules in a folder, by their relative path. Empty if the folder does not exist. Other files are not
 * Prisma's; earlier versions of usergraph left a digest there.
 */
async function readFolder(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const modules = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  const files = modules.map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')] as const),
    ),
  );
}
