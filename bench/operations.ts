import type { Client } from 'pg';
import { FIRST_NAMES, LAST_NAMES } from './database/fill.ts';
import { FILL_END, FILL_START, firstIdOf } from './database/ids.ts';
import { NEW_UID_PREFIX } from './database/restore.ts';

/** Inputs of one request, by operation. */
export interface Inputs {
  typename: object;
  user: { uid: string };
  persisted: { uid: string };
  page: After;
  'page-far': After;
  'page-hot': object;
  'page-count': After;
  'rest-page': After;
  filtered: { firstName: string; lastName: string; before: string };
  search: { text: string };
  segment: After;
  entities: { uids: string[] };
  'add-event': NewEvent;
  'add-events': { events: NewEvent[] };
  'update-user': { uid: string; id: string; meta: Meta };
  'upsert-user': { uid: string; id: string; meta: Meta };
}

/** A page after a user. */
interface After {
  /** The id of the user. */
  after: string;
}

/** An event to add. `userId` is for servers whose mutation does not accept a uid. */
export interface NewEvent {
  uid: string;
  userId: string;
  name: string;
  value: number;
  properties: Record<string, string | number>;
  timestamp: string;
}

/** All attributes of a user, so that merging them and replacing them have the same result. */
export interface Meta {
  plan: string;
  age: number;
  city: string;
}

export type OperationName = keyof Inputs;

interface Operation {
  name: OperationName;
  title: string;
  /** Whether an input can be used only once before the rows are restored. */
  consumesInputs?: boolean;
  /** Whether only usergraph has the operation. */
  isOwn?: boolean;
}

/** All operations, in the order in which they are measured: reads before writes. */
export const operations: readonly Operation[] = [
  { name: 'typename', title: '{ __typename }, which reads nothing' },
  { name: 'user', title: 'One user with devices' },
  { name: 'persisted', title: 'One user with devices, as a persisted operation', isOwn: true },
  { name: 'page', title: 'Page of 30 users, each with 3 devices and the 5 newest events' },
  { name: 'page-far', title: 'The same page, after 90 % of the rows' },
  { name: 'page-hot', title: 'The first page, for all connections' },
  { name: 'page-count', title: 'Page of 30 users with totalCount' },
  { name: 'rest-page', title: 'Page of 30 users with devices and memberships through REST', isOwn: true },
  { name: 'filtered', title: 'Page of users with a first and a last name who were created before a time' },
  { name: 'search', title: 'Search for the user whose e-mail address begins with a word' },
  { name: 'segment', title: 'Page of 30 members of a segment' },
  { name: 'entities', title: '_entities of 100 users' },
  { name: 'add-event', title: 'addEvent' },
  { name: 'add-events', title: 'addEvents of 100 events' },
  { name: 'update-user', title: 'updateUser with meta' },
  { name: 'upsert-user', title: 'updateUser of new users', consumesInputs: true },
];

/** Users per page, and events per user on a page. */
export const PAGE_SIZE = 30;
export const EVENT_PAGE_SIZE = 5;

/** Number of different inputs of `user`, `add-event` and `update-user`. */
const USER_INPUTS = 1000;
/** Number of different inputs of the operations that return a page, and of `entities` and `add-events`. */
const PAGE_INPUTS = 200;
/** More than a server creates in a round, after which the rows are restored. */
const NEW_USERS = 60_000;
const ENTITIES_PER_REQUEST = 100;
const EVENTS_PER_REQUEST = 100;

/** Picks the inputs of all operations from the database: at random, but the same in every run. */
export async function pickInputs(client: Client, users: number): Promise<{ [Name in OperationName]: Inputs[Name][] }> {
  const picked = await usersAt(client, sample(USER_INPUTS, 1, users));
  // Newest first: pages after up to 90 % of the rows.
  const scattered = await usersAt(client, sample(PAGE_INPUTS, Math.ceil(users * 0.1), users, 3));
  const pages = scattered.map(({ id }) => ({ after: id }));
  const oldest = await usersAt(client, sample(PAGE_INPUTS, Math.ceil(users * 0.08), Math.ceil(users * 0.1)));
  const events = picked.map(({ uid, id }, index) => ({
    uid,
    userId: id,
    name: 'Add to cart',
    value: index,
    properties: { product: `C${index}`, amount: 9.5, currency: 'EUR' },
    timestamp: new Date(FILL_START + index).toISOString(),
  }));
  return {
    typename: [{}],
    user: picked.map(({ uid }) => ({ uid })),
    persisted: picked.map(({ uid }) => ({ uid })),
    page: pages,
    'page-far': oldest.map(({ id }) => ({ after: id })),
    'page-hot': [{}],
    'page-count': pages,
    'rest-page': pages,
    filtered: pages.map((_, index) => ({
      firstName: FIRST_NAMES[index % FIRST_NAMES.length] ?? '',
      lastName: LAST_NAMES[(index >> 3) % LAST_NAMES.length] ?? '',
      before: new Date(FILL_START + ((FILL_END - FILL_START) * (20 + 0.4 * index)) / 100).toISOString(),
    })),
    // With the largest number of digits, so that the address of no other user begins with it.
    search: sample(PAGE_INPUTS, Math.ceil(users / 10), users - 1, 4).map((number) => ({ text: `user${number}` })),
    segment: pages,
    entities: Array.from({ length: PAGE_INPUTS }, (_, index) => ({
      uids: sample(ENTITIES_PER_REQUEST, 1, users, index + 2).map((number) => `u${number}`),
    })),
    'add-event': events,
    'add-events': Array.from({ length: PAGE_INPUTS }, (_, index) => ({
      events: sample(EVENTS_PER_REQUEST, 0, events.length - 1, index + 2).flatMap((place) => events[place] ?? []),
    })),
    'update-user': picked.map(({ uid, id }, index) => ({
      uid,
      id,
      meta: { plan: 'pro', age: index, city: 'Lima' },
    })),
    'upsert-user': Array.from({ length: NEW_USERS }, (_, index) => ({
      uid: `${NEW_UID_PREFIX}${index}`,
      id: `${firstIdOf(FILL_END).slice(0, -12)}${index.toString(16).padStart(12, '0')}`,
      meta: { plan: 'pro', age: index, city: 'Lima' },
    })),
  };
}

/** Pseudo-random distinct integers between `from` and `to`: `count` of them, or all if there are fewer. */
function sample(count: number, from: number, to: number, seed = 1): number[] {
  const size = to - from + 1;
  const numbers = new Set<number>();
  let state = seed * 2_654_435_761;
  while (numbers.size < Math.min(count, size)) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    numbers.add(from + Math.floor((state / 2 ** 32) * size));
  }
  return [...numbers];
}

async function usersAt(client: Client, numbers: readonly number[]): Promise<{ uid: string; id: string }[]> {
  const uids = numbers.map((number) => `u${number}`);
  const { rows } = await client.query<{ uid: string; id: string }>(
    'SELECT uid, id FROM users WHERE uid = ANY($1) ORDER BY array_position($1, uid)',
    [uids],
  );
  return rows;
}
