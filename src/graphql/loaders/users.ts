import { BatchLoader, type LoadScopes, MAX_BATCH_SIZE } from '../../db/batching.ts';
import type { ReadDb } from '../../db/client.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import type { RelatedRead } from '../../db/reading/related.ts';
import { readUsers, readUserWithRelated, type UserKey } from '../../domain/users/read.ts';
import { batchChannel, report } from '../../telemetry/channels.ts';
import type { UserRow } from './partial-rows.ts';
import type { RowReading } from './related-reads.ts';
import { union } from './selected-fields.ts';

/** A load of one user. */
interface UserLoad extends RowReading {
  key: UserKey;
}

const NO_READS: readonly RelatedRead[] = [];

/** Creates the batched reads of a workspace's users. */
export function userLoaders(db: ReadDb, workspaceId: string) {
  const loader = new BatchLoader((loads: readonly UserLoad[], scopes) => readBatch(db, workspaceId, loads, scopes));
  return {
    /**
     * Loads a user; undefined if the workspace has none with the key. The related reads are part of the statement if no other load
     * shares it.
     */
    user: (key: UserKey, reading: RowReading): Promise<UserRow | undefined> => loader.load({ key, ...reading }),

    /** Loads users, each at the position of its key; with an error in place of a user that cannot be read. */
    async users(keys: readonly UserKey[], columns: FieldSet): Promise<(UserRow | undefined | Error)[]> {
      const loads = keys.map((key) => ({ key, columns, related: NO_READS }));
      // Keys that fill a statement on their own are not batched with other requests.
      return keys.length < MAX_BATCH_SIZE ? loader.loadMany(loads) : readBatches(db, workspaceId, loads);
    },
  };
}

/** Reads users with one statement, with every column that any of the loads needs. */
function readBatch(
  db: ReadDb,
  workspaceId: string,
  loads: readonly UserLoad[],
  scopes?: LoadScopes,
): Promise<(UserRow | undefined)[]> {
  return report(
    batchChannel,
    () => ({ name: 'users', size: loads.length, scopes }),
    () => readLoads(db, workspaceId, loads),
  );
}

async function readLoads(
  db: ReadDb,
  workspaceId: string,
  loads: readonly UserLoad[],
): Promise<(UserRow | undefined)[]> {
  const [only] = loads;
  if (loads.length === 1 && only && only.related.length > 0) {
    return [await readUserWithRelated(db, workspaceId, only.key, only.related)];
  }
  const keys = loads.map(({ key }) => key);
  return readUsers(db, workspaceId, keys, union(new Set(loads.map(({ columns }) => columns))));
}

/** Reads users with one statement per `MAX_BATCH_SIZE`. A failed statement fails the users of its batch only. */
async function readBatches(
  db: ReadDb,
  workspaceId: string,
  loads: readonly UserLoad[],
): Promise<(UserRow | undefined | Error)[]> {
  const count = Math.ceil(loads.length / MAX_BATCH_SIZE);
  const batches = Array.from({ length: count }, (_, index) =>
    loads.slice(index * MAX_BATCH_SIZE, (index + 1) * MAX_BATCH_SIZE),
  );
  const results = batches.map((batch) =>
    readBatch(db, workspaceId, batch).catch((error: Error) => batch.map(() => error)),
  );
  return (await Promise.all(results)).flat();
}
