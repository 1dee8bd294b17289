import DataLoader from 'dataloader';
import { BATCH_MAXIMUM, batching, byWorkspace } from '../db/batches.ts';
import type { Db } from '../db/client.ts';
import { countRows, type KeysetSource, type Page, readSlices, type Slice } from '../db/keyset.ts';
import { readDevices } from '../domain/devices/read-devices.ts';
import { readEvents } from '../domain/events/read-events.ts';
import { readLists } from '../domain/lists/read-lists.ts';
import { readListMemberships } from '../domain/lists/read-memberships.ts';
import { readSegmentMemberships } from '../domain/segments/read-memberships.ts';
import { readSegments } from '../domain/segments/read-segments.ts';
import { readUsers, type UserKey } from '../domain/users/read-users.ts';
import type { User } from '../domain/users/user.ts';

type ReadMany<Value> = (db: Db, workspaceId: string, keys: readonly string[]) => Promise<Map<string, Value>>;

const emptySlice: Slice<never> = { rows: [], hasNextPage: false, hasPreviousPage: false };

/** The batched reads of one workspace. */
export type Loaders = ReturnType<typeof createLoaders>;

/** Gives each workspace its loaders, which all its requests share. */
export function loadersByWorkspace(db: Db): (workspaceId: string) => Loaders {
  return byWorkspace((workspaceId) => createLoaders(db, workspaceId));
}

/** Reads a list of users by a statement for each hundred, each with its own fault. */
async function readUserList(
  db: Db,
  workspaceId: string,
  keys: readonly UserKey[],
): Promise<(User | undefined | Error)[]> {
  const starts = Array.from({ length: Math.ceil(keys.length / BATCH_MAXIMUM) }, (_, place) => place * BATCH_MAXIMUM);
  const read = async (start: number) => {
    const batch = keys.slice(start, start + BATCH_MAXIMUM);
    return readUsers(db, workspaceId, batch).catch((error: Error) => batch.map(() => error));
  };
  return (await Promise.all(starts.map(read))).flat();
}

function createLoaders(db: Db, workspaceId: string) {
  function loader<Value>(read: ReadMany<Value>) {
    return new DataLoader<string, Value | undefined>(async (keys) => {
      const found = await read(db, workspaceId, [...new Set(keys)]);
      return keys.map((key) => found.get(key));
    }, batching);
  }

  const users = new DataLoader((keys: readonly UserKey[]) => readUsers(db, workspaceId, keys), batching);
  const waiting = new Map<string, DataLoader<string, unknown>>();

  /** The loader of one connection with its arguments, under a name that tells both; it is gone when it has read. */
  function named<Value>(name: string, read: (parents: readonly string[]) => Promise<Map<string, Value>>) {
    const existing = waiting.get(name);
    const reading =
      existing ??
      loader((_db, _workspaceId, parents) => {
        if (waiting.get(name) === reading) waiting.delete(name);
        return read(parents);
      });
    waiting.set(name, reading);
    // A name always stands for the same connection, and so for the same type of value.
    return reading as DataLoader<string, Value | undefined>;
  }

  return {
    users: { load: (id: string) => users.load({ id }) },
    usersByUid: { load: (uid: string) => users.load({ uid }) },
    /** The users that some keys name, each at its key's place, or what kept them from being read. */
    async manyUsers(keys: readonly UserKey[]): Promise<(User | undefined | Error)[]> {
      // What fills a statement is not read with what others ask for.
      return keys.length < BATCH_MAXIMUM ? users.loadMany(keys) : readUserList(db, workspaceId, keys);
    },
    lists: loader(readLists),
    segments: loader(readSegments),
    events: loader(readEvents),
    devices: loader(readDevices),
    listMemberships: loader(readListMemberships),
    segmentMemberships: loader(readSegmentMemberships),

    /** A page of a connection; `name` tells the connection and its filter. */
    async slice<Row>(name: string, source: KeysetSource<Row>, page: Page, parent: string): Promise<Slice<Row>> {
      const reading = named(`${name} ${JSON.stringify(page)}`, (parents) => readSlices(db, source, parents, page));
      return (await reading.load(parent)) ?? emptySlice;
    },

    /** The number of rows of a connection, counted up to the cap. */
    async count(name: string, source: KeysetSource<unknown>, parent: string): Promise<number> {
      const counting = named(`${name} count`, (parents) => countRows(db, source, parents));
      return (await counting.load(parent)) ?? 0;
    },
  };
}
