import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import type { TestDatabase } from '../../kit/database.ts';
import { changeTriggers } from '../../kit/distribution.ts';
import { countRows, noRows } from '../../kit/factories.ts';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { type OwnServer, startOwnServer } from '../../kit/own-server.ts';
import { seedUsers } from '../../kit/seed-rows.ts';

/** Makes the first attempts to write to a table fail with a SQLSTATE, immediately or at commit; a sequence counts all attempts. */
async function failAttempts(
  { db }: Pick<TestDatabase, 'db'>,
  table: string,
  tries: number,
  state: string,
  atCommit: boolean,
) {
  const kind = atCommit ? 'CONSTRAINT TRIGGER' : 'TRIGGER';
  const timing = atCommit ? 'AFTER INSERT OR UPDATE' : 'BEFORE INSERT OR UPDATE';
  await changeTriggers(
    db,
    'DROP SEQUENCE IF EXISTS tries',
    'CREATE SEQUENCE tries',
    `CREATE OR REPLACE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF nextval('tries') <= ${tries} THEN RAISE EXCEPTION 'lost' USING ERRCODE = '${state}'; END IF;
       RETURN NEW;
     END $$`,
    `DROP TRIGGER IF EXISTS lose ON ${table}`,
    `CREATE ${kind} lose ${timing} ON ${table} ${atCommit ? 'DEFERRABLE INITIALLY DEFERRED' : ''}
       FOR EACH ROW EXECUTE FUNCTION lose()`,
  );
  return async () => {
    const [row] = await db.$queryRaw<{ tries: number }[]>`SELECT last_value::int AS tries FROM tries`;
    return row?.tries;
  };
}

describe('a transaction that lost to a concurrent one', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp({ ownDatabase: true });
  });
  beforeEach(async () => {
    await changeTriggers(app.db, ...['users', 'events'].map((table) => `DROP TRIGGER IF EXISTS lose ON ${table}`));
    await app.db.event.deleteMany();
    await app.db.user.deleteMany();
    await app.db.idempotencyKey.deleteMany();
    await seedUsers(app, [1]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const writes = [
    { write: 'createUser', table: 'users', input: 'uid: "u2", device: { token: "t", platform: IOS }' },
    { write: 'createUser', table: 'users', input: 'uid: "u2", idempotencyKey: "k"' },
    { write: 'addEvent', table: 'events', input: 'uid: "u1", name: "Paid"' },
    { write: 'addEvent', table: 'events', input: 'uid: "u1", name: "Paid", idempotencyKey: "k"' },
    { write: 'updateUser', table: 'users', input: 'uid: "u1", meta: { a: 1 }' },
  ];
  const cases = writes.flatMap((write) =>
    ['40P01', '40001'].flatMap((state) => [true, false].map((atCommit) => ({ ...write, state, atCommit }))),
  );

  async function sendLosing({ write, table, input, state, atCommit }: (typeof cases)[number], tries: number) {
    const tried = await failAttempts(app, table, tries, state, atCommit);
    const { data, errors } = await app.send(`mutation { ${write}(input: { ${input} }) { __typename } }`);
    const outcome = errors?.[0]?.extensions.code ?? data;
    return { outcome, tried: await tried() };
  }

  it.each(cases)('is retried: $write($input), $state, at commit: $atCommit', async (write) => {
    const { outcome, tried } = await sendLosing(write, 2);
    expect([outcome, tried]).toEqual([{ [write.write]: expect.anything() }, 3]);
    const { events } = await countRows(app);
    expect(events).toBe(write.write === 'addEvent' ? 1 : 0);
  });

  it.each(cases)('fails after five attempts: $write($input), $state, at commit: $atCommit', async (write) => {
    expect(await sendLosing(write, 1_000)).toEqual({ outcome: 'CONFLICT', tried: 5 });
    expect(await countRows(app)).toEqual({ ...noRows, users: 1 });
  });

  it.each(writes)('is not retried after another error: $write($input)', async (write) => {
    for (const [state, outcome] of [
      ['22000', 'INTERNAL_SERVER_ERROR'],
      ['57014', 'SERVICE_UNAVAILABLE'],
      ['55P03', 'SERVICE_UNAVAILABLE'],
      ['53100', 'SERVICE_UNAVAILABLE'],
    ] as const) {
      expect(await sendLosing({ ...write, state, atCommit: false }, 1_000)).toEqual({ outcome, tried: 1 });
    }
  });
});

describe('a commit whose result is lost', () => {
  let server: OwnServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startOwnServer();
    proxy = await startFaultProxy({ path: server.socket });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** A pool behind the proxy. */
  function openBehindProxy() {
    const db = openDatabase({ ...server.connection, host: '127.0.0.1', port: proxy.port }, { poolSize: 2 });
    return { db, workspaceId: server.workspaceId, [Symbol.asyncDispose]: () => db.$disconnect() };
  }

  const stored = async (sql: string) => (await server.query(sql))[0]?.count;

  it.each([
    ['before PostgreSQL receives it', 'before', 0],
    ['after PostgreSQL receives it', 'after', 1],
  ] as const)('is not retried, cut %s', async (_how, when, count) => {
    await using place = openBehindProxy();
    const uid = `commit${when}`;
    proxy.cutAt('COMMIT', when);
    // With an idempotency key, a user is created by a transaction.
    const input = { uid, idempotencyKey: uid };
    await expect(createUser(place.db, actorOf(place), input)).rejects.toThrow('Connection terminated');
    proxy.cutAt('');
    expect(proxy.cuts()).toBe(1);
    expect(await stored(`SELECT count(*)::int FROM users WHERE uid = '${uid}'`)).toBe(count);
    // The connection is replaced.
    expect(await createUser(place.db, actorOf(place), { uid: `${uid}2` })).toMatchObject({ user: { uid: `${uid}2` } });
  });

  it('does not send the statement that creates a user again', async () => {
    await using place = openBehindProxy();
    proxy.cutAt('"uid":"statement"', 'after');
    await expect(createUser(place.db, actorOf(place), { uid: 'statement' })).rejects.toThrow('Connection terminated');
    proxy.cutAt('');
    expect(proxy.cuts()).toBe(1);
    expect(await stored(`SELECT count(*)::int FROM users WHERE uid = 'statement'`)).toBe(1);
  });

  it.each([
    ['alone', 1],
    ['in a batch', 3],
  ] as const)('duplicates no event, written %s', async (how, count) => {
    await using place = openBehindProxy();
    const uid = `events${count}`;
    await createUser(place.db, actorOf(place), { uid });
    proxy.cutAt(`"uid":"${uid}"`, 'after');
    const added = Array.from({ length: count }, (_, value) =>
      addEvent(place.db, actorOf(place), { uid, name: how, value }),
    );
    const outcomes = await Promise.allSettled(added);
    proxy.cutAt('');
    expect(outcomes.map(({ status }) => status)).toEqual(Array(count).fill('rejected'));
    expect(proxy.cuts()).toBe(1);
    expect(await stored(`SELECT count(*)::int FROM events WHERE name = '${how}'`)).toBe(count);
  });
});
