import { toCondition } from '../users/filter/filter.ts';
import { referencesOf } from './references.ts';
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
