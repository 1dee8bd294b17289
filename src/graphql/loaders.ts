import DataLoader from 'dataloader';
import { batching, byWorkspace } from '../db/batches.ts';
import type { Db } from '../db/client.ts';
import type { Wanted } from '../db/columns.ts';
import { countRows, type KeysetSource, type Page, readSlices, type Slice } from '../db/keyset.ts';
import type { Device } from '../domain/devices/device.ts';
import { readDevices } from '../domain/devices/read-devices.ts';
import { readEvents } from '../domain/events/read-events.ts';
import { readLists } from '../domain/lists/read-lists.ts';
import { readListMemberships } from '../domain/lists/read-memberships.ts';
import { readSegmentMemberships } from '../domain/segments/read-memberships.ts';
import { readSegments } from '../domain/segments/read-segments.ts';
import { union } from './selected.ts';
import { userLoaders } from './user-loaders.ts';

type ReadMany<Value> = (db: Db, workspaceId: string, keys: readonly string[]) => Promise<Map<string, Value>>;

/** A read that was asked for and has not begun, with what those who ask want of its rows. */
interface Waiting {
  wanted: Set<Wanted>;
  reading: DataLoader<string, unknown>;
}

const nothing: Wanted = new Set();

const emptySlice: Slice<never> = { rows: [], hasNextPage: false, hasPreviousPage: false };

/** The batched reads of one workspace. */
export type Loaders = ReturnType<typeof createLoaders>;

/** Gives each workspace its loaders, which all its requests share. */
export function loadersByWorkspace(db: Db): (workspaceId: string) => Loaders {
  return byWorkspace((workspaceId) => createLoaders(db, workspaceId));
}

function createLoaders(db: Db, workspaceId: string) {
  function loader<Value>(read: ReadMany<Value>) {
    return new DataLoader<string, Value | undefined>(async (keys) => {
      const found = await read(db, workspaceId, [...new Set(keys)]);
      return keys.map((key) => found.get(key));
    }, batching);
  }

  const waiting = new Map<string, Waiting>();

  /** The loader of one connection with its arguments, under a name that tells both; it is gone when it has read. */
  function named<Value>(
    name: string,
    wanted: Wanted,
    read: (parents: readonly string[], wanted: Wanted) => Promise<Map<string, Value>>,
  ) {
    const batch: Waiting = waiting.get(name) ?? {
      wanted: new Set(),
      reading: loader((_db, _workspaceId, parents) => {
        if (waiting.get(name) === batch) waiting.delete(name);
        return read(parents, union(batch.wanted));
      }),
    };
    waiting.set(name, batch);
    batch.wanted.add(wanted);
    // A name always stands for the same connection, and so for the same type of value.
    return batch.reading as DataLoader<string, Value | undefined>;
  }

  return {
    ...userLoaders(db, workspaceId),
    lists: loader(readLists),
    segments: loader(readSegments),
    events: loader(readEvents),
    listMemberships: loader(readListMemberships),
    segmentMemberships: loader(readSegmentMemberships),

    /** A user's devices. */
    async devices(userId: string, wanted: Wanted): Promise<Device[]> {
      const reading = named('devices', wanted, (userIds, all) => readDevices(db, workspaceId, userIds, all));
      return (await reading.load(userId)) ?? [];
    },

    /** A page of a connection; `name` tells the connection and its filter, `wanted` what is asked for of its rows. */
    async slice<Row>(
      name: string,
      source: KeysetSource<Row>,
      page: Page,
      parent: string,
      wanted: Wanted,
    ): Promise<Slice<Row>> {
      const reading = named(`${name} ${JSON.stringify(page)}`, wanted, (parents, all) =>
        readSlices(db, source, parents, page, all),
      );
      return (await reading.load(parent)) ?? emptySlice;
    },

    /** The number of rows of a connection, counted up to the cap. */
    async count(name: string, source: KeysetSource<unknown>, parent: string): Promise<number> {
      const counting = named(`${name} count`, nothing, (parents) => countRows(db, source, parents));
      return (await counting.load(parent)) ?? 0;
    },
  };
}
