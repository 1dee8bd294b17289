import { byWorkspace } from '../../db/batching.ts';
import type { ReadDb } from '../../db/client.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import { type Count, countRows } from '../../db/reading/count.ts';
import { type Page, type PageOfRows, readPages } from '../../db/reading/keyset.ts';
import { type KeysetSource, sourceText } from '../../db/reading/keyset-source.ts';
import type { RelatedRead } from '../../db/reading/related.ts';
import { readDevices } from '../../domain/devices/device.ts';
import { readEvents } from '../../domain/events/event.ts';
import { readLists } from '../../domain/lists/list.ts';
import { readListMemberships } from '../../domain/lists/memberships.ts';
import { readSegmentDefinitions } from '../../domain/segments/definition.ts';
import { explainMemberships } from '../../domain/segments/explain.ts';
import { readSegmentMemberships } from '../../domain/segments/memberships.ts';
import { readSegments } from '../../domain/segments/segment.ts';
import type { NameOptions } from '../../domain/segments/summary.ts';
import { keyedLoader, queryLoader } from './keyed.ts';
import type { DeviceRow, PartialRow } from './partial-rows.ts';
import type { RowReading } from './related-reads.ts';
import { userLoaders } from './users.ts';

/** The batched reads of one workspace. */
export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Creates each workspace's loaders, which all its requests share.
 * @param dbOf returns the workspace's database handle.
 */
export function loadersByWorkspace(dbOf: (workspaceId: string) => ReadDb): (workspaceId: string) => Loaders {
  return byWorkspace((workspaceId) => createLoaders(dbOf(workspaceId), workspaceId));
}

type ReadMany<Value> = (db: ReadDb, workspaceId: string, keys: readonly string[]) => Promise<Map<string, Value>>;

/** A row of a page: its id, and the columns that the operation's fields declare. */
export type PageRow<Row extends { id: string }> = PartialRow<Row, 'id'>;

/** A page of a connection, for many parents. */
interface PageQuery {
  source: KeysetSource<object>;
  page: Page;
  related: readonly RelatedRead[];
}

/** A count of a connection, for many parents. */
interface CountQuery {
  source: KeysetSource<object>;
  budgetMs: number;
}

const NO_COLUMNS: FieldSet = new Set();

const EMPTY_PAGE: PageOfRows<never> = { rows: [], hasNextPage: false, hasPreviousPage: false };

function createLoaders(db: ReadDb, workspaceId: string) {
  const loader = <Value>(name: string, read: ReadMany<Value>) =>
    keyedLoader(name, (keys) => read(db, workspaceId, keys));

  const loadDevices = queryLoader({
    name: 'devices',
    textsOf: () => ['', ''],
    read: (_query: undefined, userIds, columns) => readDevices(db, workspaceId, userIds, columns),
  });
  const loadPage = queryLoader({
    name: 'pages',
    textsOf: ({ source, page, related }: PageQuery) => [
      sourceText(source),
      JSON.stringify([page, ...related.map(({ text }) => text)]),
    ],
    read: ({ source, page, related }, parents, columns) => readPages(db, source, parents, page, columns, related),
  });
  const loadCount = queryLoader({
    name: 'counts',
    textsOf: ({ source, budgetMs }: CountQuery) => [sourceText(source), `${budgetMs}`],
    read: ({ source, budgetMs }, parents) => countRows(db, source, parents, budgetMs),
  });

  const explainWith = (names: NameOptions) =>
    keyedLoader('explanations', (keys) => explainMemberships(db, workspaceId, keys, names));
  const [explanations, explanationsWithLists] = [explainWith({ lists: false }), explainWith({ lists: true })];

  return {
    ...userLoaders(db, workspaceId),
    lists: loader('lists', readLists),
    segments: loader('segments', readSegments),
    segmentDefinitions: loader('segmentDefinitions', readSegmentDefinitions),
    events: loader('events', readEvents),
    listMemberships: loader('listMemberships', readListMemberships),
    segmentMemberships: loader('segmentMemberships', readSegmentMemberships),

    /**
     * Loads the explanation of a membership, by user id and segment id.
     * @param names the names that the caller may read.
     */
    explanations: (names: NameOptions) => (names.lists ? explanationsWithLists : explanations),

    /** Loads a user's devices. */
    async devices(userId: string, columns: FieldSet): Promise<readonly DeviceRow[]> {
      return (await loadDevices(undefined, userId, columns)) ?? [];
    },

    /** Loads a page of a parent's connection, and related reads of its rows. */
    async page<Row extends { id: string }>(
      source: KeysetSource<Row>,
      page: Page,
      parent: string,
      { columns, related }: RowReading,
    ): Promise<PageOfRows<PageRow<Row>>> {
      const rows = await loadPage({ source, page, related }, parent, columns);
      // The text of a source identifies its columns, so the rows of a batch have one type.
      return (rows as PageOfRows<Row> | undefined) ?? EMPTY_PAGE;
    },

    /** Counts the rows of a parent's connection. @param budgetMs as for `countRows`. */
    async count(source: KeysetSource<object>, parent: string, budgetMs: number): Promise<Count> {
      return (await loadCount({ source, budgetMs }, parent, NO_COLUMNS)) ?? { count: 0, isCapped: false };
    },
  };
}
