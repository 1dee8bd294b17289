import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import {
  type DebianPostgres,
  hasDebianPostgres,
  readDocumentedCode,
  startDebianPostgres,
} from '../kit/debian-postgres.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { holderOf, startWriters, type Write } from '../kit/numbered-writes.ts';
import { migrateWithOwner } from '../kit/own-server.ts';
import { findDifferences } from '../kit/segments/naive.ts';
import { waitUntil } from '../kit/workers.ts';

const WRITERS = 4;

/** How many writes are acknowledged before the backup, between it and the instant, and after the instant. */
const WRITES = 60;

type Ask = <Data>(query: string, variables?: object) => Promise<Data>;

/** Returns a function that runs an operation, and throws the codes of its errors. */
const askerOf =
  (address: string, owner: string): Ask =>
  async (query, variables = {}) => {
    const response = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { authorization: owner, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors.map((error: { extensions: { code: string } }) => error.extensions.code).join());
    return data;
  };

/** Waits until this many further writes have been acknowledged. */
async function untilWritten(writes: readonly Write[]): Promise<void> {
  const count = () => writes.filter(({ acknowledged }) => acknowledged).length;
  const enough = count() + WRITES;
  await waitUntil(() => expect(count()).toBeGreaterThanOrEqual(enough));
}

interface Page<Row> {
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Reads all pages of a connection. @param read returns the page after a cursor. */
async function readAll<Row>(read: (after: string | null) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | null = null, isLast = false; !isLast; ) {
    const { nodes, pageInfo }: Page<Row> = await read(after);
    rows.push(...nodes);
    after = pageInfo.endCursor;
    isLast = !pageInfo.hasNextPage;
  }
  return rows;
}

const USERS =
  'query ($after: String) { users(first: 30, after: $after) { nodes { uid meta } pageInfo { hasNextPage endCursor } } }';
const EVENTS = `query ($after: String) { user(uid: "writer") {
  events(first: 100, after: $after) { nodes { value } pageInfo { hasNextPage endCursor } }
} }`;

/** The numbers of the writes whose effects the API returns. */
async function readNumbers(ask: Ask): Promise<Record<Write['kind'], Set<number>>> {
  const users = await readAll((after) =>
    ask<{ users: Page<{ uid: string; meta: Record<string, number> }> }>(USERS, { after }).then((data) => data.users),
  );
  const events = await readAll((after) =>
    ask<{ user: { events: Page<{ value: number }> } }>(EVENTS, { after }).then(({ user }) => user.events),
  );
  const attributes = users.flatMap(({ uid, meta }) =>
    Object.values(meta ?? {}).filter((number) => uid === holderOf(number)),
  );
  const created = users.flatMap(({ uid }) => (uid.startsWith('made') ? [Number(uid.slice('made'.length))] : []));
  return {
    addEvent: new Set(events.map(({ value }) => value)),
    updateUser: new Set(attributes),
    createUser: new Set(created),
  };
}

const PUT = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }';
const put = (ask: Ask, uid: string, firstName: string) => ask(PUT, { input: { uid, firstName } });

const DEFINE = `mutation { createSegment(input: { name: "Adas", where: { firstName: { eq: "Ada" } } }) {
  ... on CreateSegmentPayload { segment { id } } } }`;

/** Waits until the uids of a segment's members, in alphabetical order, are the expected ones. */
const expectMembers = (ask: Ask, id: string, uids: string[]) =>
  waitUntil(async () => {
    const { segment } = await ask<{ segment: { status: string; members: { nodes: { uid: string }[] } } }>(
      'query ($id: ID!) { segment(id: $id) { status members(first: 30) { nodes { uid } } } }',
      { id },
    );
    expect([segment.status, segment.members.nodes.map(({ uid }) => uid).toSorted()]).toEqual(['READY', uids]);
  });

interface Changes {
  changes: { action: string; userId: string | null }[];
  cursor: string;
  hasMore: boolean;
}

const readChanges = (ask: Ask, variables: object) =>
  ask<{ changes: Changes }>(
    `query ($after: String, $from: ChangeStart) { changes(first: 100, after: $after, from: $from) {
      changes { action userId } cursor hasMore } }`,
    variables,
  ).then(({ changes }) => changes);

/** Starts a server that archives its WAL as docs/operating.md describes. */
async function startArchivingServer() {
  const settings = await readDocumentedCode('Archive the WAL', 'ini');
  const server = await startDebianPostgres({ settings: settings.replaceAll('/backup', '$folder/backup') });
  await server.shell('mkdir -p "$BACKUP/wal" && psql -qc "CREATE DATABASE usergraph"', variablesOf(server));
  return server;
}

/** The variables of the commands in docs/operating.md. */
const variablesOf = ({ folder }: DebianPostgres, INSTANT = '') => ({
  BACKUP: join(folder, 'backup'),
  RESTORED: join(folder, 'restored'),
  INSTANT,
});

/**
 * Restores the backup of a server to an instant, with the commands of docs/operating.md.
 * @returns the duration in ms until the instant was reached, and until the server was promoted.
 */
async function restore(server: DebianPostgres, instant: string): Promise<{ reached: number; promoted: number }> {
  const variables = variablesOf(server, instant);
  const began = Date.now();
  const shell = async (heading: string) => server.shell(await readDocumentedCode(heading), variables);
  await shell('Stop the damaged server');
  await shell('Start the recovery');
  await waitUntil(async () => expect(await shell('Check the restored data')).toMatch(/^paused\|/));
  const reached = Date.now() - began;
  await shell('Promote the restored server');
  return { reached, promoted: Date.now() - began };
}

it('restores the database to an instant before a disaster', async ({ skip }) => {
  if (!hasDebianPostgres) skip('needs Debian’s PostgreSQL 15, as in .ci/run');
  await using server = await startArchivingServer();
  const connection = { connectionString: server.url('usergraph') };
  const { workspaceId, owner } = await migrateWithOwner(connection);
  const start = () => startGateway({ DATABASE_URL: connection.connectionString, RATE_LIMIT: '0' });
  const gateway = await start();
  const ask = askerOf(gateway.address, owner);

  for (const uid of ['writer', 'ada', 'bob', 'eve']) await put(ask, uid, uid === 'writer' ? 'Writer' : 'Ada');
  const { createSegment } = await ask<{ createSegment: { segment: { id: string } } }>(DEFINE);
  await expectMembers(ask, createSegment.segment.id, ['ada', 'bob', 'eve']);
  const writers = startWriters(WRITERS, () => gateway.address, owner, []);
  await untilWritten(writers.writes);
  await server.shell(await readDocumentedCode('Take a base backup'), variablesOf(server));
  await untilWritten(writers.writes);
  await put(ask, 'bob', 'Bob');
  const { cursor } = await readChanges(ask, { from: 'NOW' });

  // Between these lines: what is acknowledged before them is older than the instant, and what is sent after them is newer.
  const acknowledged = writers.writes.filter((write) => write.acknowledged);
  const instant = (await server.shell('psql -Atc "SELECT clock_timestamp()"')).trim();
  const sent = writers.writes.length;

  await put(ask, 'eve', 'Eve');
  await untilWritten(writers.writes);
  const writes = await writers.stop();
  await ask('mutation { deleteUser(input: { uid: "ada" }) { __typename } }');
  await expectMembers(ask, createSegment.segment.id, []);
  await server.shell('psql -qd usergraph -c "DROP TABLE events CASCADE"');
  await gateway.end('SIGTERM');

  const began = Date.now();
  const { reached, promoted } = await restore(server, instant);
  await using restored = await start();
  const askRestored = askerOf(restored.address, owner);
  const found = await readNumbers(askRestored);
  const served = Date.now() - began;

  expect(acknowledged.filter(({ kind, number }) => !found[kind].has(number))).toEqual([]);
  const later = writes.slice(sent);
  expect(later.filter(({ kind, number }) => found[kind].has(number))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThanOrEqual(2 * WRITES);
  expect(later.filter((write) => write.acknowledged).length).toBeGreaterThan(WRITES / 2);

  await expectMembers(askRestored, createSegment.segment.id, ['ada', 'eve']);
  await expect(readChanges(askRestored, { after: cursor })).rejects.toThrow('CURSOR_EXPIRED');
  const { cursor: next } = await readChanges(askRestored, { from: 'NOW' });
  await put(askRestored, 'bob', 'Ada');
  await put(askRestored, 'ada', 'Augusta');
  await expectMembers(askRestored, createSegment.segment.id, ['bob', 'eve']);
  const { changes } = await readChanges(askRestored, { after: next });
  expect(changes.map(({ action }) => action).toSorted()).toEqual([
    'SEGMENT_ENTERED',
    'SEGMENT_EXITED',
    'UPDATE_USER',
    'UPDATE_USER',
  ]);
  // Transaction ids continue after a recovery, unlike after a dump: there is nothing to repair.
  expect(restored.output()).not.toContain('restored from a dump');
  const db = openDatabase(connection, { poolSize: 1 });
  expect(await findDifferences(db, workspaceId).finally(() => db.$disconnect())).toEqual([]);
  printFigures('restore', {
    writes: writes.length,
    'acknowledged before the instant': acknowledged.length,
    lost: 0,
    'sent after it': later.length,
    restored: 0,
    'instant reached after ms': reached,
    'promoted after ms': promoted,
    'all read from a gateway after ms': served,
  });
});
