import type { Change } from '../changes/feed.ts';
import { changedAttribute, changedEvent } from '../changes/record.ts';
import { fold } from '../filter/texts.ts';
import type { Condition, Dependency } from '../users/filter/condition.ts';

/** A definition of a segment that is kept up to date. */
export interface Definition {
  id: string;
  segmentId: string;
  condition: Condition;
  /** Whether its members are those of the segment. If not, they are still being computed. */
  isCurrent: boolean;
  /** While its members are being computed: the id of the last user evaluated; null before the first. */
  position: string | null;
  /**
   * The definition that it will replace; null if it is current. Users who are members of both keep their `enteredAt`.
   */
  formerId: string | null;
}

/** The reason for an evaluation: what was written, as named in `Change.changed`, or `time`. */
export type Cause = string;

/** The cause of an evaluation at a due instant. */
export const TIME: Cause = 'time';

/** The definitions of a workspace, with an index of what they depend on. */
export interface Plan {
  /** In dependency order: definitions that others refer to come first, pending ones last. */
  definitions: readonly Definition[];
  byId: ReadonlyMap<string, number>;
  /** The definitions that a change can affect, by index, each with its causes. */
  affectedBy(change: Change): ReadonlyMap<number, readonly Cause[]>;
  /** The definitions that refer to the segment of a definition; none if that definition is pending. */
  dependentsOf(index: number): readonly number[];
  /** The given indexes and those of all direct and indirect dependents, in ascending order. */
  withDependents(indexes: Iterable<number>): number[];
}

/** Creates the plan of a workspace's definitions. */
export function createPlan(unordered: readonly Definition[]): Plan {
  const definitions = sortByReferences(unordered);
  const index = new Map<string, number[]>();
  for (const [place, { condition }] of definitions.entries()) {
    for (const key of new Set(condition.dependencies().flatMap(keysOf)))
      index.set(key, [...(index.get(key) ?? []), place]);
  }
  // Cached, because an import creates many users, and each of them needs all definitions evaluated with the same cause.
  const allByCause = new Map<Cause, ReadonlyMap<number, readonly Cause[]>>();
  const allBy = (cause: Cause) => {
    const all = allByCause.get(cause) ?? new Map(definitions.map((_, place) => [place, [cause]]));
    allByCause.set(cause, all);
    return all;
  };
  const dependents = definitions.map(({ isCurrent, segmentId }) =>
    isCurrent ? [...(index.get(segmentKey(segmentId)) ?? []), ...(index.get(ANY_SEGMENT) ?? [])] : [],
  );
  const dependentsOf = (place: number): readonly number[] => dependents[place] ?? [];
  return {
    definitions,
    byId: new Map(definitions.map(({ id }, place) => [id, place])),
    dependentsOf,
    withDependents: (indexes) => {
      const found = new Set(indexes);
      // Iterating over a Set also visits elements that are added during the iteration.
      for (const place of found) for (const dependent of dependentsOf(place)) found.add(dependent);
      return [...found].sort((one, other) => one - other);
    },
    affectedBy: (change) => {
      const causes = causesOf(change, index);
      if (causes === ANYTHING) return allBy(change.action);
      return new Map(
        causes.flatMap(({ key, name }) => (index.get(key) ?? []).map((place) => [place, [name]] as const)),
      );
    },
  };
}

const ANY_LIST = 'list.*';
const ANY_SEGMENT = 'segment.*';
const ANY_EVENT = changedEvent('*');
const listKey = (id: string) => `list.${id}`;
const segmentKey = (id: string) => `segment.${id}`;
/** Filters compare event names case-insensitively. */
const eventKey = (name: string) => changedEvent(fold(name));

/** The keys of the index for what a condition depends on. */
function keysOf(dependency: Dependency): string[] {
  switch (dependency.kind) {
    case 'field':
      return [dependency.field];
    case 'attribute':
      return [changedAttribute(dependency.key)];
    case 'devices':
      return ['devices'];
    case 'lists':
      return dependency.ids?.map(listKey) ?? [ANY_LIST];
    case 'segments':
      return dependency.ids?.map(segmentKey) ?? [ANY_SEGMENT];
    case 'events':
      return [dependency.name === undefined ? ANY_EVENT : eventKey(dependency.name)];
    case 'time':
      return [];
  }
}

const ANYTHING = Symbol('anything');

/** The index keys for what a change wrote; `ANYTHING` if that is unknown. */
function causesOf(
  { action, changed, listId, segmentId }: Change,
  index: ReadonlyMap<string, unknown>,
): { key: string; name: Cause }[] | typeof ANYTHING {
  const named = (name: Cause, ...keys: string[]) => keys.map((key) => ({ key, name }));
  switch (action) {
    case 'createUser':
    case 'claimUser':
      return ANYTHING;
    case 'updateUser': {
      if (!changed) return ANYTHING;
      // An update that clears all attributes does not name them.
      const attributes = changed.includes('meta')
        ? [...index.keys()].filter((key) => key.startsWith(changedAttribute('')))
        : [];
      return [...changed, ...attributes, 'updatedAt'].flatMap((name) => named(name, name));
    }
    case 'registerDevice':
    case 'removeDevice':
      return named('devices', 'devices');
    case 'subscribeToList':
    case 'unsubscribeFromList':
    case 'removeFromList':
      return named(listKey(String(listId)), listKey(String(listId)), ANY_LIST);
    case 'setSegmentSuppression':
      return named(segmentKey(String(segmentId)), segmentKey(String(segmentId)), ANY_SEGMENT);
    case 'addEvent': {
      if (!changed)
        return [...index.keys()]
          .filter((key) => key.startsWith(changedEvent('')))
          .flatMap((key) => named('event', key));
      return changed.flatMap((name) => named(name, fold(name), ANY_EVENT));
    }
    default:
      return [];
  }
}

/** The cause of an evaluation because the user entered or exited a segment that the filter refers to. */
export const causeOfSegment = ({ segmentId }: Definition): Cause => segmentKey(segmentId);

/** The ids of the segments to which a condition refers; undefined if it refers to all. */
export function referencesOf(condition: Condition): ReadonlySet<string> | undefined {
  const ids = new Set<string>();
  for (const dependency of condition.dependencies()) {
    if (dependency.kind !== 'segments') continue;
    if (!dependency.ids) return undefined;
    for (const id of dependency.ids) ids.add(id);
  }
  return ids;
}

/** Sorts definitions so that each comes after the current ones of the segments to which it refers. */
function sortByReferences(definitions: readonly Definition[]): Definition[] {
  const sorted = new Set<Definition>();
  const current = definitions.filter(({ isCurrent }) => isCurrent);
  const add = (definition: Definition, path: ReadonlySet<Definition>) => {
    // Only a reference to all segments can be cyclic; it is ignored here.
    if (sorted.has(definition) || path.has(definition)) return;
    const references = referencesOf(definition.condition);
    for (const other of current) {
      if (!references || references.has(other.segmentId)) add(other, new Set([...path, definition]));
    }
    sorted.add(definition);
  };
  for (const definition of [...current, ...definitions.filter(({ isCurrent }) => !isCurrent)])
    add(definition, new Set());
  return [...sorted];
}
