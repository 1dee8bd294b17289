import { readFile, stat } from 'node:fs/promises';
import { StartError } from './start-error.ts';

export interface OsUser {
  uid: number;
  gid: number;
}

/**
 * The user that runs PostgreSQL where usergraph runs as root, which PostgreSQL refuses: the owner of the data that is
 * there already, else `postgres`, else `nobody`.
 *
 * @throws {StartError} where the machine has neither.
 */
export async function postgresUser(directory: string): Promise<OsUser> {
  const owner = await stat(directory).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = users.match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm')) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StartError('PostgreSQL does not run as root. Start usergraph as another user, or set DATABASE_URL.');
}
