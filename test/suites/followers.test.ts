import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { decodeGlobalId } from '../../src/graphql/schema/global-id.ts';
import { atOnce } from '../kit/concurrently.ts';
import { addUser } from '../kit/factories.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { type Production, startProduction } from '../kit/production.ts';

/** The overlap in ms that docs/following.md documents: how far before the newest event a follower reads again. */
const OVERLAP_MS = 10_000;
/** The longest accepted time in ms between the instant of an id and the visibility of its row, on a busy machine. */
const WINDOW_MS = 1_000;
const WRITERS = 10;
const RUN_MS = 15_000;
/** How long the user is locked, in ms; events wait for the lock. */
const LOCK_MS = 1_000;

const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

/** Sends an operation that must succeed. */
async function run(address: string, { key }: Production, query: string, variables: object): Promise<never> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { authorization: key.authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = JSON.parse(await response.text());
  if (errors) throw new Error(JSON.stringify(errors));
  return data as never;
}

interface EventPage {
  user: { events: { edges: { cursor: string; node: { id: string } }[]; pageInfo: { hasPreviousPage: boolean } } };
}

const newer = `query ($before: String) { user(uid: "followed") {
  events(last: 100, before: $before) { edges { cursor node { id } } pageInfo { hasPreviousPage } }
} }`;

/**
 * Follows the events of a user as a client does. It continues after the newest event that it has read. With an overlap, it
 * continues after the newest event that is older than that by the overlap, and skips events that it has seen.
 * @returns all events that it has read.
 */
function follow(address: string, production: Production, overlapMs: number) {
  const seen = new Map<string, string>();
  let stopping = false;
  const readAll = async () => {
    const ids = [...seen.keys()].sort();
    const bound = timeOf(ids.at(-1) ?? '') - overlapMs;
    const start = overlapMs === 0 ? ids.at(-1) : ids.findLast((id) => timeOf(id) < bound);
    let before = start === undefined ? undefined : seen.get(start);
    for (;;) {
      const { user }: EventPage = await run(address, production, newer, { before });
      for (const { cursor, node } of user.events.edges) seen.set(decodeGlobalId(node.id)?.id ?? '', cursor);
      before = user.events.edges[0]?.cursor ?? before;
      if (!user.events.pageInfo.hasPreviousPage) return;
    }
  };
  const running = (async () => {
    while (!stopping) {
      await readAll();
      await delay(20);
    }
    await readAll();
  })();
  return {
    async stop() {
      stopping = true;
      await running;
      return seen;
    },
  };
}

/** Measures how long after the instant of their id rows become visible, in ms of the database's clock. */
function watchWindow({ db, workspaceId }: Production) {
  const seen = new Set<string>();
  let stopping = false;
  let longest = 0;
  const running = (async () => {
    while (!stopping) {
      // The clock is read before the snapshot. A row that is missing from the snapshot is found by the next read.
      const rows = await db.query<{ id: string; now: string }[]>`
        SELECT id, floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now FROM events
        WHERE workspace_id = ${workspaceId}::uuid AND timestamp > now() - interval '5 s'`;
      for (const { id, now } of rows) {
        if (seen.has(id)) continue;
        seen.add(id);
        longest = Math.max(longest, Number(now) - timeOf(id));
      }
    }
  })();
  return {
    async stop() {
      stopping = true;
      await running;
      return longest;
    },
  };
}

it('misses no acknowledged event with the documented overlap, while ten writers write through two gateways', async () => {
  await using production = await startProduction({ RATE_LIMIT: '0' });
  const { db, workspaceId, address } = production;
  await using second = await startGateway({
    NODE_ENV: 'production',
    DATABASE_URL: production.databaseUrl,
    RATE_LIMIT: '0',
  });
  const user = await addUser(production, { uid: 'followed' });
  const addresses = [address, second.address];
  const acknowledged: string[] = [];
  const end = Date.now() + RUN_MS;

  const add = `mutation ($input: AddEventInput!) { addEvent(input: $input) {
    ... on AddEventPayload { event { id } } ... on Error { code message } } }`;
  const write = async (place: number) => {
    for (let round = 0; Date.now() < end; round += 1) {
      const idempotencyKey = place % 3 === 0 ? randomUUID() : undefined;
      const input = { uid: 'followed', name: 'Paid', value: round, idempotencyKey };
      const { addEvent }: { addEvent: { event: { id: string } } } = await run(
        addresses[place % 2] ?? address,
        production,
        add,
        { input },
      );
      acknowledged.push(decodeGlobalId(addEvent.event.id)?.id ?? '');
    }
  };
  /** Locks the user as a change of the uid does. Events wait for the lock. */
  const lock = async () => {
    while (Date.now() < end) {
      await db.$transaction(async (tx) => {
        await tx.$queryRaw`
          SELECT FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ${user.id}::uuid FOR UPDATE`;
        await delay(LOCK_MS);
      });
      await delay(2_000);
    }
  };

  const plain = follow(address, production, 0);
  const overlapping = follow(second.address, production, OVERLAP_MS);
  const watched = watchWindow(production);
  await Promise.all([atOnce(WRITERS, write), lock()]);
  const [byPlain, byOverlapping, longest] = await Promise.all([plain.stop(), overlapping.stop(), watched.stop()]);
  const missing = (seen: ReadonlyMap<string, string>) => acknowledged.filter((id) => !seen.has(id)).length;
  printFigures('followers', {
    acknowledged: acknowledged.length,
    'missed without an overlap': missing(byPlain),
    'missed with an overlap': missing(byOverlapping),
    'longest window ms': longest,
  });
  expect(acknowledged.length).toBeGreaterThan(100);
  expect(missing(byOverlapping)).toBe(0);
  // An id generated before the wait for the lock would be older than its row by that wait.
  expect(longest).toBeLessThan(WINDOW_MS);
});
