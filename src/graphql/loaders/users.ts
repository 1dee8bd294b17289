import DataLoader from 'dataloader';
import { MAX_BATCH_SIZE, batching } from '../../db/batching.ts';
import type { ReadDb } from '../../db/client.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import { readUsers, type UserKey } from '../../domain/users/read.ts';
import type { User } from '../../domain/users/user.ts';
import { union } from './selected-fields.ts';

/** Which user, and what of them. */
interface Asked {
  key: UserKey;
  wanted: FieldSet;
}

/** The batched reads of a workspace's users; `wanted` are the properties that are asked for. */
export function userLoaders(db: ReadDb, workspaceId: string) {
  const users = new DataLoader((asked: readonly Asked[]) => readAsked(db, workspaceId, asked), batching);
  return {
    user: (key: UserKey, wanted: FieldSet) => users.load({ key, wanted }),
    /** The users that some keys name, each at its key's place, or what kept them from being read. */
    async users(keys: readonly UserKey[], wanted: FieldSet): Promise<(User | undefined | Error)[]> {
      const asked = keys.map((key) => ({ key, wanted }));
      // What fills a statement is not read with what others ask for.
      return keys.length < MAX_BATCH_SIZE ? users.loadMany(asked) : readList(db, workspaceId, asked);
    },
  };
}

/** Reads users, with all that any of those who ask for them want. */
function readAsked(db: ReadDb, workspaceId: string, asked: readonly Asked[]): Promise<(User | undefined)[]> {
  const keys = asked.map(({ key }) => key);
  return readUsers(db, workspaceId, keys, union(new Set(asked.map(({ wanted }) => wanted))));
}

/** Reads a list of users by a statement for each hundred, each with its own fault. */
async function readList(
  db: ReadDb,
  workspaceId: string,
  asked: readonly Asked[],
): Promise<(User | undefined | Error)[]> {
  const starts = Array.from({ length: Math.ceil(asked.length / MAX_BATCH_SIZE) }, (_, place) => place * MAX_BATCH_SIZE);
  const read = async (start: number) => {
    const batch = asked.slice(start, start + MAX_BATCH_SIZE);
    return readAsked(db, workspaceId, batch).catch((error: Error) => batch.map(() => error));
  };
  return (await Promise.all(starts.map(read))).flat();
}
