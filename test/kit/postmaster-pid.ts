import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The pid of the PostgreSQL that serves a data directory. @throws if the directory has no `postmaster.pid`. */
export async function postmasterPid(directory: string): Promise<number> {
  const [pid] = (await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n', 1);
  return Number(pid);
}
