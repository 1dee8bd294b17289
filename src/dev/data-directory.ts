import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PostgresTools } from './postgres-tools.ts';
import { StartError } from './start-error.ts';

/** The superuser of the data directories that are made here. */
export const superuser = 'postgres';

/**
 * Sees to it that the directory holds the data of this version's PostgreSQL, and makes it where there is none.
 * The making happens beside it and ends with a rename, so that a directory is complete or is not there.
 *
 * @throws {StartError} where something else is in the directory.
 */
export async function prepareDataDirectory(tools: PostgresTools, directory: string): Promise<void> {
  const found = await dataVersion(directory);
  if (found === undefined) return createDataDirectory(tools, directory);
  const { output } = await tools.run('postgres', ['--version']);
  const ours = output.match(/\(PostgreSQL\) (\d+)/)?.[1];
  if (found === ours) return;
  throw new StartError(
    `${directory} was made by PostgreSQL ${found}, but this is PostgreSQL ${ours ?? output}. Move it away, or delete it to start with new demo data.`,
  );
}

/** @returns the major version of the data, or nothing where there is no data yet. */
async function dataVersion(directory: string): Promise<string | undefined> {
  try {
    if ((await readdir(directory)).length === 0) return undefined;
    return (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES') {
      throw new StartError(`${directory} belongs to another user. Start usergraph as that user, or delete the folder.`);
    }
    const entries = await readdir(directory).catch(() => undefined);
    if (entries === undefined && code === 'ENOENT') return undefined;
    throw new StartError(`${directory} holds something other than PostgreSQL's data. Move it away.`);
  }
}

async function createDataDirectory(tools: PostgresTools, directory: string): Promise<void> {
  const partial = await openPartial(dirname(directory), `${basename(directory)}.partial-`);
  await tools.handOver(partial);
  const { ok, output } = await tools.run('initdb', [
    `--pgdata=${partial}`,
    `--username=${superuser}`,
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
    '--no-instructions',
  ]);
  if (!ok) {
    await rm(partial, { recursive: true, force: true });
    throw new StartError(`The embedded PostgreSQL cannot make its data in ${directory}: ${lastLine(output)}`);
  }
  await rename(partial, directory);
}

/** @returns a new folder to make the data in; those that earlier attempts left behind are removed. */
async function openPartial(parent: string, prefix: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    const unfinished = (await readdir(parent)).filter((name) => name.startsWith(prefix));
    // Best effort: an initdb whose usergraph was killed may still be writing there; the next start finds it again.
    await Promise.all(
      unfinished.map((name) => rm(join(parent, name), { recursive: true, force: true }).catch(() => {})),
    );
    return await mkdtemp(join(parent, prefix));
  } catch (error) {
    throw new StartError(`The data folder ${parent} cannot be written to (${error}). Change its owner or its rights.`);
  }
}

function lastLine(output: string): string {
  return output.split('\n').findLast((line) => line.includes('error:')) ?? output.split('\n').at(-1) ?? '';
}
