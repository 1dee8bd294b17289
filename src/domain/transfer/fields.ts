import type { TransferKind } from './jobs.ts';

/** What can be imported. */
export type ImportKind = Extract<TransferKind, `import${string}`>;

/**
 * How the cells of a column are converted. `date` is an instant, in attributes as text; `scalar` is a text, number or boolean, whose
 * type is guessed; `texts` are separated by `|`.
 */
export const cellTypes = ['string', 'number', 'boolean', 'date', 'json'] as const;

/** One of `cellTypes`. */
export type CellType = (typeof cellTypes)[number];

/** A field of a record. */
export interface Field {
  /** Its name, with a dot before the field of an object. */
  name: string;
  /** The type of its cells; `guessed` if they can have any, `texts` for several texts separated by `|`. */
  type: CellType | 'guessed' | 'texts';
  /** Other names, as in REST. Differences of case, spaces, `_` and `-` are ignored. */
  aliases?: readonly string[];
}

const users: readonly Field[] = [
  { name: 'uid', type: 'string' },
  { name: 'newUid', type: 'string' },
  { name: 'firstName', type: 'string' },
  { name: 'lastName', type: 'string' },
  { name: 'number', type: 'string' },
  { name: 'email', type: 'string' },
  { name: 'isAccount', type: 'boolean' },
  { name: 'timeZone', type: 'string', aliases: ['tz'] },
  { name: 'appVersion', type: 'string' },
  { name: 'appBuild', type: 'string' },
  { name: 'appLastActiveAt', type: 'date', aliases: ['appLastActive'] },
  { name: 'createdAt', type: 'date' },
  { name: 'device', type: 'json' },
  { name: 'device.token', type: 'string', aliases: ['deviceToken'] },
  { name: 'device.platform', type: 'string', aliases: ['devicePlatform'] },
  { name: 'devices', type: 'json' },
  { name: 'lists', type: 'texts', aliases: ['listIds'] },
  { name: 'meta', type: 'json' },
  { name: 'removeMeta', type: 'texts' },
  { name: 'uidUpdateable', type: 'boolean' },
];

const events: readonly Field[] = [
  { name: 'uid', type: 'string' },
  { name: 'name', type: 'string', aliases: ['event'] },
  { name: 'value', type: 'guessed' },
  { name: 'properties', type: 'json' },
  { name: 'timestamp', type: 'date' },
  { name: 'idempotencyKey', type: 'string' },
];

const lists: readonly Field[] = [
  { name: 'id', type: 'string' },
  { name: 'title', type: 'string' },
  { name: 'description', type: 'string' },
  { name: 'createdAt', type: 'date' },
  { name: 'archivedAt', type: 'date' },
];

/** The fields of a kind of record. */
interface Fields {
  readonly all: readonly Field[];
  /** The field that holds attributes of any name. */
  readonly attributes?: 'meta' | 'properties';
  /** The fields without which no record is valid. */
  readonly required: readonly string[];
}

export const fieldsOf: Readonly<Record<ImportKind, Fields>> = {
  importUsers: { all: users, attributes: 'meta', required: ['uid'] },
  importEvents: { all: events, attributes: 'properties', required: ['uid', 'name'] },
  importLists: { all: lists, required: ['title'] },
};

/** A name without differences of case, spaces, `_` and `-`. */
const simplify = (name: string) => name.toLowerCase().replaceAll(/[\s_-]/g, '');

/** Finds the field of a name; undefined if there is none. */
export function findField(kind: ImportKind, name: string): Field | undefined {
  const simple = simplify(name);
  return fieldsOf[kind].all.find((field) =>
    [field.name, ...(field.aliases ?? [])].some((each) => simplify(each) === simple),
  );
}

/** The name of the field that is most similar to a name. */
export function nearestField(kind: ImportKind, name: string): string | undefined {
  const simple = simplify(name);
  const names = fieldsOf[kind].all.flatMap((field) =>
    [field.name, ...(field.aliases ?? [])].map((each) => ({
      name: field.name,
      distance: distance(simple, simplify(each)),
    })),
  );
  const [nearest] = names.sort((a, b) => a.distance - b.distance);
  // Of a short name, at least half of the characters must be right.
  const tolerance = Math.min(Math.max(2, simple.length / 3), simple.length / 2);
  return nearest && nearest.distance <= tolerance ? nearest.name : undefined;
}

/** The number of characters to insert, remove or replace (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, place) => place);
  for (const [place, character] of [...from.slice(0, 64)].entries()) {
    const next = [place + 1];
    for (let at = 0; at < to.length; at += 1) {
      const replaced = (row[at] ?? 0) + (character === to[at] ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
