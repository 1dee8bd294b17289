import type { Client } from 'pg';
import { FILL_END, FILL_START, firstIdOf } from './database/ids.ts';
import { UNKNOWN_UID_PREFIX } from './database/restore.ts';

/** What varies from request to request of a question. */
export interface Inputs {
  user: { uid: string };
  page: object;
  'page-far': { after: string };
  'page-count': object;
  entities: { uids: string[] };
  'add-event': NewEvent;
  'update-user': { uid: string; id: string; meta: Meta };
  'upsert-user': { uid: string; id: string; meta: Meta };
}

/** An event to add; `userId` for those who cannot find a user by uid on the way. */
export interface NewEvent {
  uid: string;
  userId: string;
  name: string;
  value: number;
  properties: Record<string, string | number>;
  timestamp: string;
}

/** All attributes of a user, so that it is the same whether they are merged or replaced. */
export interface Meta {
  plan: string;
  age: number;
  city: string;
}

export type QuestionName = keyof Inputs;

/** A question as people read it. */
interface Question {
  name: QuestionName;
  title: string;
  writes: boolean;
  /** Whether each input is good for one request, until what it has written is removed. */
  consumesInputs?: boolean;
}

/** In the order in which they are asked: what reads goes before what writes. */
export const questions: readonly Question[] = [
  { name: 'user', title: 'One user with devices', writes: false },
  { name: 'page', title: 'Page of 30 users, each with 3 devices and the 5 newest events', writes: false },
  { name: 'page-far', title: 'The same page, after 90 % of the rows', writes: false },
  { name: 'page-count', title: 'Page of 30 users with totalCount', writes: false },
  { name: 'entities', title: '_entities of 100 users', writes: false },
  { name: 'add-event', title: 'addEvent', writes: true },
  { name: 'update-user', title: 'updateUser with meta', writes: true },
  { name: 'upsert-user', title: 'updateUser of unknown users', writes: true, consumesInputs: true },
];

/** Users of a page, and events of each. */
export const PAGE = 30;
export const PAGE_EVENTS = 5;

/** How many inputs are cycled through. */
const VARIANTS = 1000;
/** Unknown users: more than a contestant creates within a round, after which they are removed. */
const UNKNOWN_USERS = 60_000;
const PAGE_VARIANTS = 200;
const ENTITIES = 100;

/** Picks the inputs of all questions out of the database: at random, but the same ones in every run. */
export async function pickInputs(client: Client, users: number): Promise<{ [Name in QuestionName]: Inputs[Name][] }> {
  const picked = await usersAt(client, sample(VARIANTS, 1, users));
  const oldest = await usersAt(client, sample(PAGE_VARIANTS, Math.ceil(users * 0.08), Math.ceil(users * 0.1)));
  const events = picked.map(({ uid, id }, place) => ({
    uid,
    userId: id,
    name: 'Add to cart',
    value: place,
    properties: { product: `C${place}`, amount: 9.5, currency: 'EUR' },
    timestamp: new Date(FILL_START + place).toISOString(),
  }));
  return {
    user: picked.map(({ uid }) => ({ uid })),
    page: [{}],
    'page-far': oldest.map(({ id }) => ({ after: id })),
    'page-count': [{}],
    entities: Array.from({ length: PAGE_VARIANTS }, (_, place) => ({
      uids: sample(ENTITIES, 1, users, place + 2).map((number) => `u${number}`),
    })),
    'add-event': events,
    'update-user': picked.map(({ uid, id }, place) => ({
      uid,
      id,
      meta: { plan: 'pro', age: place, city: 'Lima' },
    })),
    'upsert-user': Array.from({ length: UNKNOWN_USERS }, (_, place) => ({
      uid: `${UNKNOWN_UID_PREFIX}${place}`,
      id: `${firstIdOf(FILL_END).slice(0, -12)}${place.toString(16).padStart(12, '0')}`,
      meta: { plan: 'pro', age: place, city: 'Lima' },
    })),
  };
}

/** Numbers within the bounds, distinct as far as there are as many. */
function sample(count: number, from: number, to: number, seed = 1): number[] {
  const size = to - from + 1;
  const found = new Set<number>();
  let state = seed * 2_654_435_761;
  while (found.size < Math.min(count, size)) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    found.add(from + Math.floor((state / 2 ** 32) * size));
  }
  return [...found];
}

async function usersAt(client: Client, numbers: readonly number[]): Promise<{ uid: string; id: string }[]> {
  const uids = numbers.map((number) => `u${number}`);
  const { rows } = await client.query<{ uid: string; id: string }>(
    'SELECT uid, id FROM users WHERE uid = ANY($1) ORDER BY array_position($1, uid)',
    [uids],
  );
  return rows;
}
