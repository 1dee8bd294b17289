import type { ReadDb } from '../../db/client.ts';
import { readLists } from '../lists/list.ts';
import { toCondition } from '../users/filter/filter.ts';
import { referencesOf } from './references.ts';
import { readSegments } from './segment.ts';
import { parseStoredFilter, type StoredFilter } from './stored-filter.ts';

/** The names of lists and segments by id, as far as they are known. */
export interface FilterNames {
  lists: ReadonlyMap<string, string>;
  segments: ReadonlyMap<string, string>;
}

/** The ids of the lists and segments that a filter refers to. */
export function idsInFilter(filter: StoredFilter): { lists: string[]; segments: string[] } {
  const references = referencesOf(parseStoredFilter(filter));
  const idsOf = (kind: 'lists' | 'segments') => [
    ...new Set(references.flatMap((each) => (each.kind === kind && each.id !== undefined ? [each.id] : []))),
  ];
  return { lists: idsOf('lists'), segments: idsOf('segments') };
}

/** The filter in words, with the names of lists and segments where they are known, and their ids elsewhere. */
export function summaryOf(filter: StoredFilter, { lists, segments }: FilterNames): string {
  const names = { list: lists, segment: segments };
  return toCondition(parseStoredFilter(filter)).phrase({ nameOf: (kind, id) => names[kind].get(id) });
}

type ReadByIds<Row> = (db: ReadDb, workspaceId: string, ids: readonly string[]) => Promise<Map<string, Row>>;

/** The filters as sentences. @param options `namesLists`: whether with the names of lists instead of their ids. */
export async function summarizeAll(
  db: ReadDb,
  workspaceId: string,
  filters: readonly StoredFilter[],
  { namesLists }: { namesLists: boolean },
): Promise<Map<StoredFilter, string>> {
  const ids = filters.map(idsInFilter);
  const readNamed = async <Row>(read: ReadByIds<Row>, rowIds: readonly string[]): Promise<Row[]> =>
    rowIds.length === 0 ? [] : [...(await read(db, workspaceId, [...new Set(rowIds)])).values()];
  const [lists, segments] = await Promise.all([
    namesLists
      ? readNamed(
          readLists,
          ids.flatMap((each) => each.lists),
        )
      : [],
    readNamed(
      readSegments,
      ids.flatMap((each) => each.segments),
    ),
  ]);
  const names = {
    lists: new Map(lists.map(({ id, title }) => [id, title])),
    segments: new Map(segments.map(({ id, name }) => [id, name])),
  };
  return new Map(filters.map((filter) => [filter, summaryOf(filter, names)]));
}
