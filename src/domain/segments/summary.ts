import type { ReadDb } from '../../db/client.ts';
import { readLists } from '../lists/list.ts';
import type { Wording } from '../users/filter/condition.ts';
import { toCondition } from '../users/filter/filter.ts';
import { referencesOf } from './references.ts';
import { readSegments } from './segment.ts';
import { parseStoredFilter, type StoredFilter } from './stored-filter.ts';

/** Which names the text may contain. Other references are shown by id. */
export interface NameOptions {
  lists: boolean;
}

/** Reads the names of the lists and segments that filters refer to. */
export async function readFilterNames(
  db: ReadDb,
  workspaceId: string,
  filters: readonly StoredFilter[],
  options: NameOptions,
): Promise<Wording> {
  const references = filters.flatMap((filter) => referencesOf(parseStoredFilter(filter)));
  const idsOf = (kind: 'lists' | 'segments') => [
    ...new Set(references.flatMap((each) => (each.kind === kind && each.id !== undefined ? [each.id] : []))),
  ];
  const [listIds, segmentIds] = [options.lists ? idsOf('lists') : [], idsOf('segments')];
  const [lists, segments] = await Promise.all([
    listIds.length > 0 ? readLists(db, workspaceId, listIds) : undefined,
    segmentIds.length > 0 ? readSegments(db, workspaceId, segmentIds) : undefined,
  ]);
  return { nameOf: (kind, id) => (kind === 'list' ? lists?.get(id)?.title : segments?.get(id)?.name) };
}

/** The filter in words. @param names the names of the lists and segments that it refers to. */
export const summaryOf = (filter: StoredFilter, names: Wording): string =>
  toCondition(parseStoredFilter(filter)).phrase(names);
