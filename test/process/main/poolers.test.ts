import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { MAX_PREPARED_STATEMENTS } from '../../../src/db/prepared-statements.ts';
import { createOwner, runCli } from '../../kit/cli.ts';
import { createDatabase, createEmptyDatabase, type TestDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { failGateway, queryAs, startGateway } from '../../kit/gateway-process.ts';
import { startIgnoringPooler } from '../../kit/ignoring-pooler.ts';
import { checkInstalled } from '../../kit/installed.ts';
import { startOwnServer } from '../../kit/own-server.ts';
import { keepsPrepared, keepsPreparedStatements, pgbouncerVersion, startPgBouncer } from '../../kit/pgbouncer.ts';
import { fails, ok, runProgram } from '../../kit/program.ts';

const isInstalled = checkInstalled('PgBouncer', pgbouncerVersion !== undefined);

type Environment = Record<string, string>;

const serverUrlOf = ({ connection }: TestDatabase) => connection.connectionString;

/** Runs a statement on a database, directly. */
const run = (url: string, sql: string) => withConnection(url, (client) => client.query(sql));

/** Expects that the gateway exits with code 1 and prints one line. @returns the line. */
async function lineOf(environment: Environment): Promise<string> {
  const { code, output } = await failGateway({ DATABASE_WAIT_MS: '0', ...environment });
  const lines = output.trimEnd().split('\n');
  expect([code, lines.length, lines]).toEqual([1, 1, [expect.any(String)]]);
  return lines[0] ?? '';
}

const userOf = (url: string) => new URL(url).username;

const CREATE = 'mutation { createUser(input: { uid: "u1" }) { ... on CreateUserPayload { user { uid } } } }';
const READ = '{ users(first: 5) { nodes { uid } } }';

/** The status and the reason of `/health/ready`. */
async function readinessOf({ address }: { address: string }): Promise<[status: number, reason: string | undefined]> {
  const response = await fetch(`${address}/health/ready`);
  const { reason } = (await response.json()) as { reason?: string };
  return [response.status, reason];
}

describe('a gateway behind a pooler that ignores startup parameters', () => {
  it('does not start with a time zone other than UTC', async () => {
    await using database = await createDatabase();
    await run(serverUrlOf(database), `ALTER DATABASE ${database.name} SET timezone = 'Europe/Berlin'`);
    await using pooler = await startIgnoringPooler(serverUrlOf(database), ['TimeZone']);
    const reason = `Sessions of database "${database.name}" at 127\\.0\\.0\\.1:\\d+ have the time zone Europe/Berlin; it must be UTC, or .+`;
    expect(await lineOf({ DATABASE_URL: pooler.url })).toMatch(new RegExp(`^${reason}$`));
    expect(await runCli({ DATABASE_URL: pooler.url }, 'workspaces', 'list')).toEqual(
      fails('error: Sessions of database', 'have the time zone Europe/Berlin'),
    );
  });

  it('does not start without timeouts, until the commands that it names have set them', async () => {
    await using database = await createDatabase();
    await using pooler = await startIgnoringPooler(serverUrlOf(database), [
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
    ]);
    const line = await lineOf({ DATABASE_URL: pooler.url });
    expect(line).toContain(
      'lack timeouts: statement_timeout is off (at most 5000 ms, LIMIT_STATEMENT_MS), lock_timeout is off (at most 2000 ms, LIMIT_LOCK_MS), idle_in_transaction_session_timeout is off (at most 10000 ms).',
    );
    await run(serverUrlOf(database), line.match(/ALTER ROLE .+(?=\.$)/)?.[0] ?? '');
    await using gateway = await startGateway({ DATABASE_URL: pooler.url });
    expect(gateway.output()).not.toContain('lack timeouts');
    expect(await lineOf({ DATABASE_URL: pooler.url, LIMIT_LOCK_MS: '1000' })).toContain(
      'lack timeouts: lock_timeout is 2000 ms (at most 1000 ms, LIMIT_LOCK_MS).',
    );
  });
});

describe('a gateway on a database that rejects writes', () => {
  it('serves reads on a standby, and says so', async () => {
    await using server = await startOwnServer();
    const [setting] = await server.query('SHOW data_directory');
    await server.stop();
    await writeFile(join(String(setting?.data_directory), 'standby.signal'), '');
    await server.start();
    await using gateway = await startGateway({ DATABASE_URL: server.url });
    expect(gateway.output()).toMatch(
      /"Database \\"usergraph\\" at \S+ is read-only: it is a standby\. Reads are served, writes fail with SERVICE_UNAVAILABLE\. Point DATABASE_URL to the primary, or make the database writable\."/,
    );
    expect(await queryAs(gateway.address, server.owner, READ)).toEqual({ data: { users: { nodes: [] } } });
    expect(await queryAs(gateway.address, server.owner, CREATE)).toMatchObject({
      errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }],
    });
    expect(await readinessOf(gateway)).toEqual([503, 'The database is read-only: it is a standby.']);
    await server.query('SELECT pg_promote()');
    await vi.waitFor(async () => expect(await readinessOf(gateway)).toEqual([200, undefined]), {
      timeout: 10_000,
      interval: 100,
    });
    expect(await queryAs(gateway.address, server.owner, CREATE)).toMatchObject({ data: {} });
  });

  it('names the setting that makes it read-only', async () => {
    await using database = await createDatabase();
    await run(serverUrlOf(database), `ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    await using gateway = await startGateway({ DATABASE_URL: serverUrlOf(database) });
    expect(gateway.output()).toContain(' is read-only: default_transaction_read_only is on. ');
    expect(await readinessOf(gateway)).toEqual([
      503,
      'The database is read-only: default_transaction_read_only is on.',
    ]);
  });
});

describe.runIf(isInstalled)('a gateway behind PgBouncer in transaction mode', () => {
  const PREPARED_STATEMENTS = keepsPrepared ? 'on' : 'off';

  it.each([
    ['1.18', false],
    ['1.20', false],
    ['1.21', true],
    ['2.0', true],
    [undefined, false],
  ])('version %s keeps prepared statements: %s', (version, keeps) => {
    expect(keepsPreparedStatements(version)).toBe(keeps);
  });

  it('serves with the shipped configuration', async () => {
    await using database = await createDatabase();
    // Instants that the command line and the gateway write would be hours off.
    await run(serverUrlOf(database), `ALTER DATABASE ${database.name} SET timezone = 'Pacific/Auckland'`);
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database) });
    const env = { DATABASE_URL: pooler.urlOf(database.name), PREPARED_STATEMENTS };
    const owner = await createOwner(env);
    await using gateway = await startGateway({ ...env, WORKERS: '2', RATE_LIMIT_STORE: 'postgres' });
    expect(await queryAs(gateway.address, owner, CREATE)).toEqual({ data: { createUser: { user: { uid: 'u1' } } } });
    const reads = await Promise.all(Array.from({ length: 40 }, () => queryAs(gateway.address, owner, READ)));
    expect(reads).toEqual(reads.map(() => ({ data: { users: { nodes: [{ uid: 'u1' }] } } })));
    const rows = await database.db.$queryRaw`
      SELECT abs(extract(epoch FROM now() - users.created_at)) < 600 AS "isUser",
        abs(extract(epoch FROM now() - api_keys.created_at)) < 600 AS "isKey" FROM users, api_keys`;
    expect(rows).toEqual([{ isUser: true, isKey: true }]);
    expect(pooler.log()).not.toContain('unsupported startup parameter');
  });

  it('does not start with the default configuration, which has no timeouts, until the role has them', async () => {
    await using database = await createDatabase();
    const settings = { ignore_startup_parameters: null };
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database), settings, connectQuery: null });
    const env = { DATABASE_URL: pooler.urlOf(database.name), PREPARED_STATEMENTS };
    const line = await lineOf(env);
    expect(line).toContain(
      'lack timeouts: statement_timeout is off (at most 5000 ms, LIMIT_STATEMENT_MS), lock_timeout is off',
    );
    await run(serverUrlOf(database), line.match(/ALTER ROLE .+(?=\.$)/)?.[0] ?? '');
    await using renewed = await startPgBouncer({ serverUrl: serverUrlOf(database), settings, connectQuery: null });
    await using gateway = await startGateway({ ...env, DATABASE_URL: renewed.urlOf(database.name) });
    expect((await fetch(`${gateway.address}/health/ready`)).status).toBe(200);
    expect(
      await runCli({ ...env, DATABASE_URL: renewed.urlOf(database.name) }, 'workspaces', 'list', '--json'),
    ).toEqual(ok('[]\n'));
  });

  it('does not start with timeouts that are longer than its own', async () => {
    await using database = await createDatabase();
    const connectQuery =
      'SET statement_timeout = 60000; SET lock_timeout = 2000; SET idle_in_transaction_session_timeout = 10000';
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database), connectQuery });
    const env = { DATABASE_URL: pooler.urlOf(database.name), PREPARED_STATEMENTS };
    expect(await lineOf(env)).toContain(
      'lack timeouts: statement_timeout is 60000 ms (at most 5000 ms, LIMIT_STATEMENT_MS). Set them in',
    );
  });

  it.runIf(!keepsPrepared)('does not start with prepared statements, which this version does not keep', async () => {
    await using database = await createDatabase();
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database) });
    const env = { DATABASE_URL: pooler.urlOf(database.name) };
    const reason = 'does not keep prepared statements. Set PREPARED_STATEMENTS=off, or use PgBouncer 1.21 or later';
    expect(await lineOf(env)).toContain(reason);
    expect(await runCli(env, 'workspaces', 'list')).toEqual(fails('error: The connection pooler of database', reason));
  });

  it.runIf(keepsPrepared)('keeps as many prepared statements as the gateway uses', async () => {
    await using database = await createDatabase();
    const settings = { admin_users: userOf(serverUrlOf(database)), default_pool_size: '2' };
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database), settings });
    const connection = { connectionString: pooler.urlOf(database.name), timeoutsAtPooler: true };
    const db = openDatabase(connection, { poolSize: 3 });
    const numbers = Array.from({ length: 3 * MAX_PREPARED_STATEMENTS + 50 }, (_, number) => number);
    for (let round = 0; round < 2; round += 1) {
      const rows = await Promise.all(numbers.map((number) => db.query(Prisma.raw(`SELECT ${number} AS number`))));
      expect(rows).toEqual(numbers.map((number) => [{ number }]));
    }
    const countsOf = (command: string) =>
      withConnection(pooler.urlOf('pgbouncer'), async (client) => {
        const { rows } = await client.query<{ database: string; prepared_statements: number }>(command);
        return rows.filter((row) => row.database === database.name).map((row) => Number(row.prepared_statements));
      });
    // Without Close messages, PgBouncer would keep all statements of a client.
    expect(await countsOf('SHOW CLIENTS')).toEqual([1, 2, 3].map(() => MAX_PREPARED_STATEMENTS));
    for (const count of await countsOf('SHOW SERVERS')) expect(count).toBeLessThanOrEqual(300);
    await db.$disconnect();
  });

  it('names the database that PgBouncer does not know, and the options that it rejects', async () => {
    await using database = await createDatabase();
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database) });
    const absent = { DATABASE_URL: pooler.urlOf('absent'), DATABASE_WAIT_MS: '20000' };
    expect(await lineOf(absent)).toMatch(/^Database "absent" does not exist on PostgreSQL at /);
    const DATABASE_URL = `${pooler.urlOf(database.name)}&options=-c%20jit=off`;
    expect(await lineOf({ DATABASE_URL, DATABASE_WAIT_MS: '20000' })).toMatch(/unsupported startup parameter.+options/);
  });

  it('names the user whose login PgBouncer rejects, without waiting', async () => {
    await using database = await createDatabase();
    const settings = { auth_type: 'scram-sha-256' };
    await using pooler = await startPgBouncer({ serverUrl: serverUrlOf(database), settings });
    const url = new URL(pooler.urlOf(database.name));
    url.password = 'wrong';
    expect(await lineOf({ DATABASE_URL: url.href, DATABASE_WAIT_MS: '600000' })).toMatch(
      /^PostgreSQL at \S+ rejected user "\w+" for database .+: SASL authentication failed\. Correct .+ auth_file\.$/,
    );
  });

  it('is migrated through DATABASE_DIRECT_URL; the pooler is rejected', async () => {
    await using database = await createEmptyDatabase();
    await using pooler = await startPgBouncer({ serverUrl: database.connectionString });
    const DATABASE_URL = pooler.urlOf(new URL(database.connectionString).pathname.slice(1));
    const migrate = (env: Environment) => runProgram('scripts/db-migrate.ts', [], { env });
    const reason =
      'is behind a connection pooler in transaction mode, and migrations need a session. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself.';
    expect(await migrate({ DATABASE_URL })).toEqual(fails('db:migrate failed: PostgreSQL at ', reason));
    const direct = { DATABASE_URL, DATABASE_DIRECT_URL: database.connectionString };
    expect(await migrate(direct)).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied ') });

    const create = ['indexes', 'create', 'updated-at'];
    const pooled = { DATABASE_URL, PREPARED_STATEMENTS };
    expect(await runCli(pooled, ...create)).toEqual(
      fails('error: Sessions of database ', 'statement_timeout is 5000 ms instead of 86400000 ms'),
    );
    expect(await runCli({ ...direct, PREPARED_STATEMENTS }, ...create)).toMatchObject({ code: 0 });
  });
});
