import { byWorkspace } from '../../db/batching.ts';
import type { Db } from '../../db/client.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import { countRows } from '../../db/reading/count.ts';
import { type KeysetSource, type Page, readPages, type PageOfRows } from '../../db/reading/keyset.ts';
import type { Device } from '../../domain/devices/device.ts';
import { readDevices } from '../../domain/devices/device.ts';
import { readEvents } from '../../domain/events/event.ts';
import { readLists } from '../../domain/lists/list.ts';
import { readListMemberships } from '../../domain/lists/memberships.ts';
import { readSegmentMemberships } from '../../domain/segments/memberships.ts';
import { readSegments } from '../../domain/segments/segment.ts';
import { keyedLoader, namedLoaders } from './keyed.ts';
import { userLoaders } from './users.ts';

type ReadMany<Value> = (db: Db, workspaceId: string, keys: readonly string[]) => Promise<Map<string, Value>>;

const nothing: FieldSet = new Set();

const emptySlice: PageOfRows<never> = { rows: [], hasNextPage: false, hasPreviousPage: false };

/** The batched reads of one workspace. */
export type Loaders = ReturnType<typeof createLoaders>;

/** Gives each workspace its loaders, which all its requests share. @param dbOf where a workspace's statements run. */
export function loadersByWorkspace(dbOf: (workspaceId: string) => Db): (workspaceId: string) => Loaders {
  return byWorkspace((workspaceId) => createLoaders(dbOf(workspaceId), workspaceId));
}

function createLoaders(db: Db, workspaceId: string) {
  const loader = <Value>(read: ReadMany<Value>) => keyedLoader((keys) => read(db, workspaceId, keys));
  const named = namedLoaders();

  return {
    ...userLoaders(db, workspaceId),
    lists: loader(readLists),
    segments: loader(readSegments),
    events: loader(readEvents),
    listMemberships: loader(readListMemberships),
    segmentMemberships: loader(readSegmentMemberships),

    /** A user's devices. */
    async devices(userId: string, wanted: FieldSet): Promise<readonly Device[]> {
      const reading = named('devices', wanted, (userIds, all) => readDevices(db, workspaceId, userIds, all));
      return (await reading.load(userId)) ?? [];
    },

    /** A page of a connection; `name` tells the connection and its filter, `wanted` what is asked for of its rows. */
    async slice<Row>(
      name: string,
      source: KeysetSource<Row>,
      page: Page,
      parent: string,
      wanted: FieldSet,
    ): Promise<PageOfRows<Row>> {
      const reading = named(`${name} ${JSON.stringify(page)}`, wanted, (parents, all) =>
        readPages(db, source, parents, page, all),
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
