import type { ReadDb } from '../../src/db/client.ts';
import { countRows } from '../../src/db/reading/count.ts';
import { type Page, readPages } from '../../src/db/reading/keyset.ts';
import { eventsSource, readEvents } from '../../src/domain/events/event.ts';
import type { EventFilter } from '../../src/domain/events/inputs.ts';
import { FILL_END, firstIdOf } from '../database/ids.ts';
import { type UserKind, userId } from './database.ts';

const PAGE: Page = { size: 20, from: 'start' };
const DAY_MS = 86_400_000;

/** The users of a page of users with their newest events. */
const USERS_PER_PAGE = 30;

/** A read of a user, as the gateway does it; its result is compared between the databases. */
export interface Read {
  name: string;
  /** @param number of the user, from 0. */
  run(db: ReadDb, workspaceId: string, number: number): Promise<unknown>;
}

const instant = (daysBeforeEnd: number) => new Date(FILL_END - daysBeforeEnd * DAY_MS);

/** A page of the newest events of a user that pass a filter. */
const readPage =
  (kind: UserKind, filter: EventFilter = {}, page = PAGE) =>
  async (db: ReadDb, workspaceId: string, number: number): Promise<string[]> => {
    const id = userId(kind, number);
    const pages = await readPages(db, eventsSource(workspaceId, filter), [id], page);
    return pages.get(id)?.rows.map((row) => row.id) ?? [];
  };

const countEvents =
  (kind: UserKind, filter: EventFilter = {}): Read['run'] =>
  async (db, workspaceId, number) => [
    ...(await countRows(db, eventsSource(workspaceId, filter), [userId(kind, number)])).values(),
  ];

/** Reads events by ids, which the first call for a user reads from a page. @param pick chooses some of the ids. */
function readByIds(kind: UserKind, pick: (ids: string[]) => string[]): Read['run'] {
  const idsOf = new Map<number, string[]>();
  const readIds = readPage(kind, {}, { size: 100, from: 'start' });
  return async (db, workspaceId, number) => {
    const ids = idsOf.get(number) ?? (await readIds(db, workspaceId, number));
    idsOf.set(number, ids);
    return [...(await readEvents(db, workspaceId, pick(ids))).keys()].sort();
  };
}

const readPageOfUsers: Read['run'] = async (db, workspaceId, number) => {
  const ids = Array.from({ length: USERS_PER_PAGE }, (_, place) => userId('occasional', number + place));
  const pages = await readPages(db, eventsSource(workspaceId), ids, { size: 5, from: 'start' });
  return [...pages.values()].map(({ rows }) => rows.map((row) => row.id));
};

const middle = firstIdOf(FILL_END - 180 * DAY_MS);

/** What is measured. An active user has a thousand events, an occasional one twenty. */
export const reads: readonly Read[] = [
  { name: 'newest 20 events, active user', run: readPage('active') },
  { name: 'newest 20 events, occasional user', run: readPage('occasional') },
  { name: '20 events after a cursor', run: readPage('active', {}, { ...PAGE, bound: { id: middle, side: 'after' } }) },
  { name: '5 events of each of 30 occasional users', run: readPageOfUsers },
  { name: 'newest 20 with a name, active user', run: readPage('active', { name: 'Event 3' }) },
  { name: 'newest 20 of a month, active user', run: readPage('active', { since: instant(210), until: instant(180) }) },
  { name: 'newest 20 since a week, active user', run: readPage('active', { since: instant(7) }) },
  { name: 'newest 20 with a value, active user', run: readPage('active', { value: { number: { gte: 90 } } }) },
  { name: 'count, active user', run: countEvents('active') },
  { name: 'count, occasional user', run: countEvents('occasional') },
  { name: 'count of a name, active user', run: countEvents('active', { name: 'Event 3' }) },
  { name: 'one event by id', run: readByIds('active', ([id = '']) => [id]) },
  { name: 'ten events of a month by id', run: readByIds('active', (ids) => ids.slice(0, 10)) },
  { name: 'ten events of a year by id', run: readByIds('occasional', (ids) => ids.slice(0, 10)) },
];
