import { Client, escapeLiteral } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase, type ReadDb, type WriteDb } from '../../../src/db/client.ts';
import { countRows } from '../../../src/db/reading/count.ts';
import { type Page, pageRead, readPages } from '../../../src/db/reading/keyset.ts';
import type { KeysetSource } from '../../../src/db/reading/keyset-source.ts';
import { type AuditFilter, readAudit } from '../../../src/domain/changes/audit.ts';
import { changesAfter } from '../../../src/domain/changes/feed.ts';
import { devicesRead, readDevices } from '../../../src/domain/devices/device.ts';
import { insertEvents } from '../../../src/domain/events/add.ts';
import { eventsSource } from '../../../src/domain/events/event.ts';
import { listsSource } from '../../../src/domain/lists/list.ts';
import { listMembersSource } from '../../../src/domain/lists/memberships.ts';
import { findWorkspacesWithWork } from '../../../src/domain/segments/leases.ts';
import { segmentMembersSource } from '../../../src/domain/segments/memberships.ts';
import { segmentsSource } from '../../../src/domain/segments/segment.ts';
import { nameOfKey } from '../../../src/domain/shared/actor.ts';
import { needsOf, readUserFacts } from '../../../src/domain/users/filter/facts.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { readUsers, readUserWithRelated, usersSource } from '../../../src/domain/users/read.ts';
import { writeUpdates } from '../../../src/domain/users/write-updates.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { recordStatements, type Statement } from '../../kit/statements.ts';

const ROWS = 20_000;
const workspaceId = '00000000-0000-7000-8000-000000000001';
const other = '00000000-0000-7000-8000-000000000002';
/** The id of row number `n`; the same in both workspaces. */
const id = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
/** A position in the log after all changes but those of transactions 501, which has written none, and later ones. */
const UP_TO_DATE = `501:${ROWS + 2}:501,${ROWS + 1}`;
const ids = `('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;

/** Fills two workspaces, each with 20,000 users, lists and segments; one list and one segment have all users, one user all events. */
async function fill(client: Client): Promise<void> {
  for (const workspace of [workspaceId, other]) {
    const each = `FROM generate_series(1, ${ROWS}) AS n`;
    const w = `'${workspace}'::uuid`;
    await client.query(`
      INSERT INTO workspaces (workspace_id, name) VALUES (${w}, 'w');
      INSERT INTO users (workspace_id, id, uid, email, created_at, updated_at)
        SELECT ${w}, ${ids}, 'u' || n, 'same@example.com', now(), now() ${each};
      INSERT INTO lists (workspace_id, id, title, created_at) SELECT ${w}, ${ids}, 't', now() ${each};
      INSERT INTO segments (workspace_id, id, definition_id, name, created_at) SELECT ${w}, ${ids}, ${ids}, 't', now() ${each};
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
        SELECT ${w}, '${id(1)}', ${ids}, n % 2 = 0, now() ${each};
      INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id)
        SELECT ${w}, '${id(1)}', '${id(1)}', ${ids} ${each};
      INSERT INTO events (workspace_id, id, user_id, name, timestamp)
        SELECT ${w}, ${ids}, '${id(1)}', 'e' || n % 3, now() - n * interval '1 minute' ${each};
      INSERT INTO changes (workspace_id, xid, seq, at, key_id, action, user_id)
        SELECT ${w}, n, n, to_timestamp(n), 'k' || n % 3, 'updateUser',
          CASE WHEN n % 3 = 0 THEN '${id(1)}'::uuid END ${each};`);
  }
  await client.query('VACUUM ANALYZE');
}

const first: Page = { size: 30, from: 'start' };
const middle: Page = { size: 30, from: 'start', bound: { side: 'after', id: id(ROWS / 2) } };
const backwards: Page = { size: 30, from: 'end', bound: { side: 'before', id: id(ROWS / 2) } };

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Loops': number;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** A parameter as a literal for EXECUTE. */
const literal = (value: unknown) =>
  value == null ? 'NULL' : escapeLiteral(Array.isArray(value) ? `{${value.join()}}` : String(value));

/** Every node of a plan. */
const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];

describe('the plans of connections over 20,000 rows', () => {
  let database: TestDatabase;
  let client: Client;
  let statements: Statement[] = [];
  beforeAll(async () => {
    database = await createDatabase();
    recordStatements(database.db, (statement) => statements.push(statement));
    client = new Client(database.connection);
    await client.connect();
    await fill(client);
  }, 60_000);
  afterAll(async () => {
    await client.end();
    await database[Symbol.asyncDispose]();
  });

  /** The only statement of a read. */
  async function statementOf(read: () => Promise<unknown>): Promise<Statement> {
    statements = [];
    await read();
    expect(statements).toHaveLength(1);
    return statements[0] ?? { text: '', values: [] };
  }

  /** Number of rows of each table that a plan read, including those that a filter removed. */
  function rowsOf(plan: Plan): Record<string, number> {
    const touched: Record<string, number> = {};
    for (const node of flat(plan)) {
      const table = node['Relation Name']?.replace(/^events_.*/, 'events');
      const read = node['Actual Loops'] * (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0));
      if (table) touched[table] = (touched[table] ?? 0) + read;
    }
    return touched;
  }

  /** Number of rows of each table that a read touches, with the plan that a session uses after several executions. */
  async function rowsTouched(read: () => Promise<unknown>): Promise<Record<string, number>> {
    const { text, values } = await statementOf(read);
    const execute = `EXECUTE settling(${values.map(literal)})`;
    await client.query(`PREPARE settling AS ${text}`);
    for (let execution = 0; execution < 6; execution += 1) await client.query(execute);
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${execute}`);
    await client.query('DEALLOCATE settling');
    return rowsOf(rows[0]['QUERY PLAN'][0].Plan);
  }

  const sources: [string, KeysetSource<unknown>, string][] = [
    ['Query.users', usersSource(workspaceId), workspaceId],
    ['Query.lists', listsSource(workspaceId), workspaceId],
    ['Query.segments', segmentsSource(workspaceId), workspaceId],
    ['List.members', listMembersSource(workspaceId), id(1)],
    ['List.members, subscribed', listMembersSource(workspaceId, true), id(1)],
    ['Segment.members', segmentMembersSource(workspaceId), id(1)],
    ['User.events', eventsSource(workspaceId), id(1)],
    ['User.events, by name', eventsSource(workspaceId, { name: 'e1' }), id(1)],
  ];

  it.each(sources)('%s reads only its page: first, in the middle and backwards', async (_name, source, parent) => {
    for (const page of [first, middle, backwards]) {
      const touched = await rowsTouched(() => readPages(database.db, source, [parent], page));
      // The page, the next row, and one row on the other side.
      for (const rows of Object.values(touched)) expect(rows).toBeLessThanOrEqual(30 + 2);
    }
  });

  /** Reads of what belongs to users, for their statement. */
  const related = [
    devicesRead(workspaceId, new Set(['platform'])),
    pageRead(eventsSource(workspaceId), { size: 5, from: 'start' }, new Set(['name'])),
  ];

  it.each([first, middle, backwards])(
    'Query.users with devices and events reads only its users: page %#',
    async (page) => {
      const read = () =>
        readPages(database.db, usersSource(workspaceId), [workspaceId], page, new Set(['uid']), related);
      const { users = 0, devices = 0 } = await rowsTouched(read);
      expect(users).toBeLessThanOrEqual(30 + 2);
      expect(devices).toBeLessThanOrEqual(30 + 1);
    },
  );

  it('User.events reads no events outside of the time range', async () => {
    const source = eventsSource(workspaceId, { since: new Date('2100-01-01'), until: new Date('2100-01-02') });
    expect(await rowsTouched(() => readPages(database.db, source, [id(1)], first))).toEqual({ events: 0 });
  });

  it.each<[string, AuditFilter]>([
    ['unfiltered', {}],
    ['of a user', { userId: id(1) }],
    ['of a user, since a time', { userId: id(1), since: new Date(0) }],
  ])('the audit trail, %s, reads only its page', async (_name, filter) => {
    for (const before of [undefined, `${ROWS / 2}-${ROWS / 2}`]) {
      const page = { size: 30, before };
      const touched = await rowsTouched(() => readAudit(database.db, workspaceId, filter, page));
      for (const rows of Object.values(touched)) expect(rows).toBeLessThanOrEqual(30 + 2);
    }
  });

  it('the audit trail since a time ends with the first block that is older', async () => {
    const since = new Date((ROWS - 10) * 1000);
    expect((await readAudit(database.db, workspaceId, { since }, { size: 10 })).rows).toHaveLength(10);
    expect((await readAudit(database.db, workspaceId, { since }, { size: 30 })).rows).toHaveLength(11);
    const touched = await rowsTouched(() =>
      readAudit(database.db, workspaceId, { since: new Date('2100-01-01') }, { size: 30 }),
    );
    // The block, and one more row on PostgreSQL 15.
    expect(touched.changes).toBeLessThanOrEqual(31 + 1);
  });

  it('the audit trail of a key is read in blocks, each of them once', async () => {
    const all = await readAudit(database.db, workspaceId, { keyId: 'k1' }, { size: 1_000 });
    expect(all.rows.map(({ seq }) => Number(seq))).toEqual(
      Array.from({ length: 1_000 }, (_, place) => ROWS - 1 - 3 * place),
    );
    expect(all.hasMore).toBe(true);
    statements = [];
    expect((await readAudit(database.db, workspaceId, { keyId: 'k4' }, { size: 30 })).rows).toEqual([]);
    // Of 31, 248, 1,984 and 10,000 entries, the rest, and none.
    expect(statements).toHaveLength(6);
  });

  it.each([
    ['at its end', ROWS + 1],
    ['within it', ROWS / 2],
  ])('the search for changes of a consumer whose position in the log is %s reads one at most', async (_name, xid) => {
    await client.query(
      `INSERT INTO change_consumers (workspace_id, name, snapshot, owner) VALUES ($1, 'segments', $2, $1)
      ON CONFLICT (workspace_id, name) DO UPDATE SET snapshot = excluded.snapshot`,
      [workspaceId, `${xid}:${xid}:`],
    );
    await client.query(
      `INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at, completed_at)
      VALUES ($1, $1, $1, '{}', now(), now()) ON CONFLICT DO NOTHING`,
      [workspaceId],
    );
    const news = await findWorkspacesWithWork(database.db, workspaceId);
    expect(news.length).toBe(xid > ROWS ? 0 : 1);
    expect((await rowsTouched(() => findWorkspacesWithWork(database.db, workspaceId))).changes).toBeLessThanOrEqual(1);
  });

  it.each<[string, (db: WriteDb) => Promise<unknown>]>([
    ['the search for changes', (db) => findWorkspacesWithWork(db, workspaceId)],
    ['the read of changes', (db) => changesAfter(db, workspaceId, UP_TO_DATE, 10)],
  ])('%s does not read the log with a plan from before it grew', async (_name, read) => {
    await using fresh = await createDatabase();
    await using stack = new AsyncDisposableStack();
    const session = stack.adopt(new Client(fresh.connection), (opened) => opened.end());
    await session.connect();
    const { text, values } = await statementOf(() => read(database.db));
    const insertChanges = (from: number, to: number) =>
      session.query(`
      INSERT INTO changes (workspace_id, xid, seq, at, key_id, action)
      SELECT '${workspaceId}', n, n, now(), 'k', 'updateUser' FROM generate_series(${from}, ${to}) AS n`);
    await insertChanges(1, 500);
    await session.query(`INSERT INTO workspaces (workspace_id, name) VALUES ('${workspaceId}', 'w');
      INSERT INTO change_consumers (workspace_id, name, snapshot, owner)
      VALUES ('${workspaceId}', 'segments', '${UP_TO_DATE}', '${workspaceId}');
      ANALYZE; SET plan_cache_mode = force_generic_plan; PREPARE search AS ${text}`);
    const execute = `EXECUTE search(${values.map(literal)})`;
    await session.query(execute);
    await insertChanges(502, ROWS);
    const { rows } = await session.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${execute}`);
    expect(rowsOf(rows[0]['QUERY PLAN'][0].Plan)).toMatchObject({ changes: 0 });
  });

  it('List.members counts memberships without reading users', async () => {
    const source = listMembersSource(workspaceId);
    expect(Object.keys(await rowsTouched(() => countRows(database.db, source, [id(1)])))).toEqual(['list_memberships']);
  });

  const everything: UserFilter = {
    meta: [{ key: 'plan', exists: true }],
    devices: { some: {} },
    lists: { some: {} },
    segments: { some: { segmentIds: [id(1)] } },
    events: [{ name: { eq: 'e1' }, count: { gte: 3 }, within: 'P30D' }],
  };
  const readFacts = (db: ReadDb, userIds: readonly string[]) =>
    readUserFacts(db, workspaceId, userIds, needsOf([toCondition(everything)]));

  it('what conditions depend on is read without all events of a user', async () => {
    const touched = await rowsTouched(() => readFacts(database.db, [id(1), id(2)]));
    expect(touched).toEqual({
      users: 2,
      devices: 0,
      list_memberships: 2,
      segment_memberships: 2,
      segments: 2,
      events: 200,
    });
  });

  const entry = { actorName: nameOfKey('k') };
  const frequentStatements: [string, (db: WriteDb) => Promise<unknown>][] = [
    ...sources.flatMap(([name, source, parent]) =>
      [first, middle].map((page): [string, (db: WriteDb) => Promise<unknown>] => [
        `${name}, ${page.bound ? 'in the middle' : 'first'}`,
        (db) => readPages(db, source, [parent], page),
      ]),
    ),
    ['a user by uid', (db) => readUsers(db, workspaceId, [{ uid: 'u1' }])],
    ['a user by id', (db) => readUsers(db, workspaceId, [{ id: id(1) }])],
    ['a user with devices and events', (db) => readUserWithRelated(db, workspaceId, { uid: 'u1' }, related)],
    [
      'a page of users with devices and events',
      (db) => readPages(db, usersSource(workspaceId), [workspaceId], middle, new Set(['uid']), related),
    ],
    ['devices', (db) => readDevices(db, workspaceId, [id(1)])],
    ['what conditions depend on', (db) => readFacts(db, [id(1)])],
    [
      'addEvent',
      (db) => insertEvents(db, workspaceId, [{ ...entry, input: { uid: 'u1', name: 'n' } }], { lock: 'wait' }),
    ],
    [
      'updateUser',
      (db) =>
        writeUpdates(
          db,
          workspaceId,
          [{ ...entry, canRead: true, canChangeEmail: true, input: { uid: 'u1', meta: { a: 1 } } }],
          {
            lock: 'wait',
          },
        ),
    ],
    [
      'updateUser by the public key alone',
      (db) =>
        writeUpdates(
          db,
          workspaceId,
          [{ ...entry, canRead: false, canChangeEmail: true, input: { uid: 'u1', meta: { a: 1 } } }],
          {
            lock: 'wait',
          },
        ),
    ],
  ];

  it.each(frequentStatements)('%s uses a generic plan after five custom plans', async (_name, execute) => {
    const db = openDatabase(database.connection, { poolSize: 1 });
    onTestFinished(() => db.$disconnect());
    for (let execution = 0; execution < 10; execution += 1) await execute(db);
    const planned = await db.query<{ custom: number }[]>`
      SELECT custom_plans::int AS custom FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared%'`;
    expect(planned).toEqual([{ custom: 5 }]);
  });
});
