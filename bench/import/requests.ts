import type { Client } from 'pg';
import { retryOnConflict } from '../../src/db/retry.ts';
import { postRequest } from '../contestants/request-set.ts';
import { startServer } from '../contestants/server-process.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { connect } from '../database/open.ts';
import { applyLoad, DEFAULT_CONNECTIONS, type LoadRequests } from '../measure/load.ts';
import type { ShowProgress } from '../report/progress.ts';
import type { ImportDatabase } from './database.ts';
import { attributesOf, eventOf, uidOf } from './files.ts';
import type { ImportSizes } from './options.ts';

/** Users or events of a bulk mutation. */
export const ITEMS_PER_REQUEST = 100;

/** Different requests with one item, and with many. */
const SINGLE_REQUESTS = 20_000;
const BULK_REQUESTS = 400;

/** Database connections of the gateway, and those that send the hand-written statement. */
export const POOL_SIZE = 10;

/** Prefix of the uids of users whom the requests create. */
const NEW_PREFIX = 'new';

const addEvent = `mutation AddEvent($input: AddEventInput!) {
  addEvent(input: $input) { ... on AddEventPayload { event { id } } ... on Error { code message } }
}`;
const addEvents = `mutation AddEvents($input: AddEventsInput!) {
  addEvents(input: $input) {
    ... on AddEventsPayload {
      failedCount
      items { index result { ... on AddEventPayload { event { id } } ... on Error { code message } } }
    }
    ... on Error { code message }
  }
}`;
const updateUser = `mutation UpdateUser($input: UpdateUserInput!) {
  updateUser(input: $input) { ... on UpdateUserPayload { created user { id } } ... on Error { code message } }
}`;
const upsertUsers = `mutation UpsertUsers($input: UpsertUsersInput!) {
  upsertUsers(input: $input) {
    ... on UpsertUsersPayload {
      failedCount
      items { index result { ... on UpdateUserPayload { created user { id } } ... on Error { code message } } }
    }
    ... on Error { code message }
  }
}`;

/** The kinds of requests, by the name of the figure. */
export const requestKinds = [
  'addEvent',
  'addEvents',
  'insert',
  'updateUser, known',
  'upsertUsers, known',
  'updateUser, new',
  'upsertUsers, new',
] as const;

/** One of `requestKinds`; `insert` is the hand-written statement. */
export type RequestKind = (typeof requestKinds)[number];

/** Items a second of each kind of request, in one round. */
export type RequestRound = Record<RequestKind, number>;

/** How to send a kind of request. */
interface Requests {
  document: string;
  items: number;
  /** The input of a request. @param from the number of its first item. */
  input(from: number): object;
  expectedText: string;
}

/** Measures single and bulk mutations over HTTP, and the hand-written statement, in turns. */
export async function measureRequests(
  database: ImportDatabase,
  workspaceId: string,
  sizes: ImportSizes,
  showProgress: ShowProgress,
): Promise<RequestRound[]> {
  const settings = { databaseUrl: database.url, workspaceId, poolSize: POOL_SIZE };
  await using server = await startServer(usergraph, settings);
  const kinds = requestsOf(sizes);
  const rounds: RequestRound[] = [];
  // The first round warms the gateway up.
  for (let round = 0; round <= sizes.rounds; round += 1) {
    const rates: [RequestKind, number][] = [];
    for (const kind of requestKinds) {
      showProgress(`Round ${round} of ${sizes.rounds}: ${kind}`);
      await restoreRows(database.client, workspaceId);
      const seconds = round === 0 ? 1 : sizes.seconds;
      if (kind === 'insert') {
        rates.push([kind, await insertByHand(database.url, workspaceId, sizes.users, seconds)]);
        continue;
      }
      const requests = kinds[kind];
      const sample = await applyLoad(toLoad(server, requests), database.client, {
        seconds,
        connections: DEFAULT_CONNECTIONS,
      });
      rates.push([kind, sample.requestsPerSecond * requests.items]);
    }
    if (round > 0) rounds.push(Object.fromEntries(rates) as RequestRound);
  }
  await restoreRows(database.client, workspaceId);
  return rounds;
}

function requestsOf({ users }: ImportSizes): Record<Exclude<RequestKind, 'insert'>, Requests> {
  const known = (number: number) => ({
    uid: uidOf(1 + (number % users)),
    meta: { ...attributesOf(number), age: number % 97 },
  });
  const added = (number: number) => ({
    uid: `${NEW_PREFIX}${number}`,
    firstName: 'Ada',
    email: `new${number}@example.com`,
    meta: attributesOf(number),
  });
  const event = (number: number) => eventOf(number, users);
  const single = (document: string, expectedText: string, input: (number: number) => object): Requests => ({
    ...{ document, expectedText, input },
    items: 1,
  });
  const bulk = (document: string, name: string, itemOf: (number: number) => object): Requests => ({
    document,
    expectedText: '"failedCount":0',
    items: ITEMS_PER_REQUEST,
    input: (from) => ({ [name]: Array.from({ length: ITEMS_PER_REQUEST }, (_, place) => itemOf(from + place)) }),
  });
  return {
    addEvent: single(addEvent, '"event"', event),
    addEvents: bulk(addEvents, 'events', event),
    'updateUser, known': single(updateUser, '"created":false', known),
    'upsertUsers, known': bulk(upsertUsers, 'users', known),
    'updateUser, new': single(updateUser, '"created"', added),
    'upsertUsers, new': bulk(upsertUsers, 'users', added),
  };
}

function toLoad(server: LoadRequests['server'], { document, items, input, expectedText }: Requests): LoadRequests {
  const count = items === 1 ? SINGLE_REQUESTS : BULK_REQUESTS;
  return {
    server,
    requests: Array.from({ length: count }, (_, number) =>
      postRequest(server.contestant, { query: document, variables: { input: input(1 + number * items) } }),
    ),
    isCorrect: (text) => text.includes(expectedText) && !text.includes('"errors":'),
  };
}

const INSERT = `INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
  SELECT $1, uuidv7(), users.id, sent.name, sent.value, sent.properties, sent.timestamp
  FROM unnest($2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::timestamptz[]) AS sent(uid, name, value, properties, timestamp)
  JOIN users ON users.workspace_id = $1 AND users.uid = sent.uid`;

/** Inserts events with one hand-written, prepared statement for each hundred. @returns events a second. */
async function insertByHand(url: string, workspaceId: string, users: number, seconds: number): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const inputs = Array.from({ length: BULK_REQUESTS }, (_, number) => {
    const events = Array.from({ length: ITEMS_PER_REQUEST }, (_item, place) =>
      eventOf(1 + number * ITEMS_PER_REQUEST + place, users),
    );
    return [
      workspaceId,
      events.map(({ uid }) => uid),
      events.map(({ name }) => name),
      events.map(({ value }) => JSON.stringify(value)),
      events.map(({ properties }) => JSON.stringify(properties)),
      events.map(({ timestamp }) => timestamp),
    ];
  });
  const started = performance.now();
  let next = 0;
  async function send(client: Client): Promise<void> {
    while (performance.now() - started < seconds * 1_000) {
      const values = inputs[next % inputs.length];
      next += 1;
      await client.query({ name: 'insertEvents', text: INSERT, values });
    }
  }
  const clients = await Promise.all(
    Array.from({ length: POOL_SIZE }, async () => stack.use(await connect({ connectionString: url }))),
  );
  await Promise.all(clients.map(send));
  return (next * ITEMS_PER_REQUEST) / ((performance.now() - started) / 1_000);
}

/**
 * Deletes what the requests have added, so that each of them starts with equal tables. It can deadlock with requests that were in
 * flight when the load ended, and is retried then.
 */
async function restoreRows(client: Client, workspaceId: string): Promise<void> {
  const newUsers = `workspace_id = ${client.escapeLiteral(workspaceId)} AND uid LIKE '${NEW_PREFIX}%'`;
  // Several statements of one query are one transaction.
  await retryOnConflict(() =>
    client.query(`TRUNCATE events, changes;
      DELETE FROM users WHERE ${newUsers};
      TRUNCATE user_deletions;
      UPDATE user_activity SET last_event_at = NULL WHERE last_event_at IS NOT NULL`),
  );
  await client.query('VACUUM ANALYZE users, user_activity, user_words');
}
