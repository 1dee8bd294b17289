import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PostgresTools } from './postgres-tools.ts';
import { StartError } from './start-error.ts';

/** The superuser of the embedded server. */
export const superuser = 'postgres';

/**
 * Checks that the data directory belongs to this version of PostgreSQL, and initializes it if it does not exist. The
 * data is initialized in a temporary directory and then renamed, so that a data directory is always complete.
 *
 * @throws {StartError} if the directory contains something else.
 */
export async function prepareDataDirectory(tools: PostgresTools, directory: string): Promise<void> {
  const found = await dataVersion(directory);
  if (found === undefined) return createDataDirectory(tools, directory);
  const { output } = await tools.run('postgres', ['--version']);
  const expected = output.match(/\(PostgreSQL\) (\d+)/)?.[1];
  if (found === expected) return;
  throw new StartError(
    `${directory} was created by PostgreSQL ${found}, but usergraph runs PostgreSQL ${expected ?? output}. Move the folder away, or delete it to start with new demo data.`,
  );
}

/** @returns the major version of the data, or undefined if there is no data yet. */
async function dataVersion(directory: string): Promise<string | undefined> {
  try {
    if ((await readdir(directory)).length === 0) return undefined;
    return (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES') {
      throw new StartError(
        `Permission denied for ${directory}. Start usergraph as the user who owns the folder, or delete it.`,
      );
    }
    const entries = await readdir(directory).catch(() => undefined);
    if (entries === undefined && code === 'ENOENT') return undefined;
    throw new StartError(`${directory} contains files that are not a PostgreSQL data directory. Move them away.`);
  }
}

async function createDataDirectory(tools: PostgresTools, directory: string): Promise<void> {
  const partial = await createPartialDirectory(dirname(directory), `${basename(directory)}.partial-`);
  await tools.handOver(partial);
  const initialize = (lcCtype: string) =>
    tools.run('initdb', [
      `--pgdata=${partial}`,
      `--username=${superuser}`,
      '--auth=trust',
      '--encoding=UTF8',
      '--no-locale',
      `--lc-ctype=${lcCtype}`,
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
      '--no-instructions',
    ]);
  // The extension pg_trgm asks LC_CTYPE which characters are letters, whatever the locale provider. Not every system has C.UTF-8.
  const withUnicode = await initialize('C.UTF-8');
  const { ok, output } = withUnicode.ok ? withUnicode : await initialize('C');
  if (!ok) {
    await rm(partial, { recursive: true, force: true });
    throw new StartError(`Cannot initialize the embedded PostgreSQL in ${directory}: ${lastLine(output)}`);
  }
  await rename(partial, directory);
}

/** Creates an empty temporary directory, and removes those that interrupted initializations left behind. */
async function createPartialDirectory(parent: string, prefix: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    const unfinished = (await readdir(parent)).filter((name) => name.startsWith(prefix));
    // Best effort: an initdb whose parent was killed may still be writing. The next start removes its directory.
    await Promise.all(
      unfinished.map((name) => rm(join(parent, name), { recursive: true, force: true }).catch(() => {})),
    );
    return await mkdtemp(join(parent, prefix));
  } catch (error) {
    throw new StartError(`Cannot write to the data folder ${parent} (${error}). Change its owner or permissions.`);
  }
}

function lastLine(output: string): string {
  return output.split('\n').findLast((line) => line.includes('error:')) ?? output.split('\n').at(-1) ?? '';
}
