import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { createDatabase, createEmptyDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { failGateway, launch, startGateway } from '../../kit/gateway-process.ts';
import { startOwnServer } from '../../kit/own-server.ts';
import { waitUntil } from '../../kit/workers.ts';

/** A URL with another user, password or database. */
function changed(url: string, parts: { username?: string; password?: string; pathname?: string }): string {
  return Object.assign(new URL(url), parts).href;
}

/** Expects that the gateway exits with code 1 and prints one line, and nothing about listening. */
async function expectLine(environment: Record<string, string>, line: RegExp): Promise<void> {
  const { code, output } = await failGateway(environment);
  expect([code, output.trimEnd().split('\n')]).toEqual([1, [expect.stringMatching(line)]]);
}

describe.each(['1', '2'])('a gateway whose database cannot be used, with WORKERS=%s', (WORKERS) => {
  it('names the database that does not exist', async () => {
    await using database = await createEmptyDatabase();
    const url = changed(database.connectionString, { pathname: '/absent' });
    for (const variable of ['DATABASE_URL', 'DATABASE_URLS']) {
      const nextStep = `Create it and run npm run db:migrate, or correct the name in ${variable}`;
      await expectLine(
        { [variable]: url, WORKERS },
        new RegExp(`^Database "absent" does not exist on PostgreSQL at \\S+\\. ${nextStep}\\.$`),
      );
    }
  });

  it('names the pending migrations and the command that applies them', async () => {
    await using database = await createEmptyDatabase();
    const name = new URL(database.connectionString).pathname.slice(1);
    await expectLine(
      { DATABASE_URL: database.connectionString, WORKERS },
      new RegExp(
        `^Migrations are pending in database "${name}" at .+: \\w+, \\w+, \\w+ and \\d+ more\\. Run npm run db:migrate\\.$`,
      ),
    );
  });

  it('names the encoding of a database that cannot store every character', async () => {
    await using database = await createEmptyDatabase("ENCODING 'LATIN1' LOCALE 'C'");
    await migrate(database);
    const name = new URL(database.connectionString).pathname.slice(1);
    await expectLine(
      { DATABASE_URL: database.connectionString, WORKERS },
      new RegExp(
        `^Database "${name}" at \\S+ has the encoding LATIN1; it must be UTF8\\. Create another database with ENCODING 'UTF8' and run npm run db:migrate, or correct the name in DATABASE_URL\\.$`,
      ),
    );
  });

  it('gives up on an unreachable server after DATABASE_WAIT_MS', async () => {
    const environment = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing', WORKERS };
    const line =
      'Cannot reach PostgreSQL at 127.0.0.1:1 for database "nothing": connect ECONNREFUSED 127.0.0.1:1. Gave up after 0 ms (DATABASE_WAIT_MS). Start the server, or correct the host and port in DATABASE_URL.';
    expect(await failGateway({ ...environment, DATABASE_WAIT_MS: '0' })).toEqual({ code: 1, output: `${line}\n` });
    const { code, output } = await failGateway({ ...environment, DATABASE_WAIT_MS: '300' });
    expect(code).toBe(1);
    expect(output).toMatch(/"Cannot reach PostgreSQL at 127\.0\.0\.1:1 \(.+\); retrying for up to 300 ms"/);
    expect(output).toMatch(/^Cannot reach PostgreSQL at .+ Gave up after 300 ms/m);
    expect(output).not.toContain('listening');
  });
});

it('names the user that the server rejects, but not the password', async () => {
  await using server = await startOwnServer();
  await server.query("CREATE ROLE guest LOGIN PASSWORD 'right'");
  const [setting] = await server.query('SHOW hba_file');
  await writeFile(String(setting?.hba_file), 'local all guest scram-sha-256\nlocal all all trust\n');
  await server.query('SELECT pg_reload_conf()');
  const rejected = async (username: string, password: string, reason: string) => {
    const line = `^PostgreSQL at \\S+ rejected user "${username}" for database "usergraph": ${reason}.* Correct the user and password in DATABASE_URL, or allow them in pg_hba\\.conf\\.$`;
    const DATABASE_URL = changed(server.url, { username, password });
    await waitUntil(() => expectLine({ DATABASE_URL }, new RegExp(line)));
  };
  await rejected('guest', 'wrong', 'password authentication failed for user "guest"');
  await rejected('guest', '', 'it requires a password, and DATABASE_URL has none');
  await rejected('absent', '', 'role "absent" does not exist');
  const { code, output } = await failGateway({
    DATABASE_URL: changed(server.url, { username: 'guest', password: 'wrong-secret' }),
  });
  expect([code, output]).toEqual([1, expect.not.stringContaining('wrong-secret')]);
  // A user without rights in the database.
  const DATABASE_URL = changed(server.url, { username: 'guest', password: 'right' });
  await expectLine(
    { DATABASE_URL },
    /^Cannot use database "usergraph" at \S+ as user "guest": permission denied for table _prisma_migrations\. Grant the privilege to the user\.$/,
  );
});

describe('a gateway whose server is stopped', () => {
  it('waits until it is reachable, and then starts', async () => {
    await using server = await startOwnServer();
    await server.stop();
    const { child, output } = launch({ DATABASE_URL: server.url, DATABASE_WAIT_MS: '120000' });
    await waitUntil(() => expect(output()).toMatch(/Cannot reach PostgreSQL at .+; retrying for up to 120000 ms/));
    expect(output()).not.toContain('listening');
    await server.start();
    await waitUntil(() => expect(output()).toContain('usergraph is ready'));
    expect(output()).toMatch(/PostgreSQL at .+ is reachable/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('stops waiting on SIGTERM', async () => {
    const { child, output } = launch({
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
      DATABASE_WAIT_MS: '3600000',
    });
    await waitUntil(() => expect(output()).toContain('retrying'));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('a gateway on a server', () => {
  it('announces its address and its database', async () => {
    await using database = await createDatabase();
    const url = database.connection.connectionString;
    await using gateway = await startGateway({ DATABASE_URL: url });
    await waitUntil(() => expect(gateway.output()).toContain('usergraph is ready'));
    const line = gateway
      .output()
      .split('\n')
      .find((text) => text.includes('usergraph is ready'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      graphql: `${gateway.address}/graphql`,
      database: expect.stringContaining(`"${database.name}" at `),
    });
  });

  it('reports a migration that is missing later as not ready', async () => {
    await using database = await createEmptyDatabase();
    await migrate(database);
    await using gateway = await startGateway({ DATABASE_URL: database.connectionString });
    const ready = async () => (await fetch(`${gateway.address}/health/ready`)).json();
    expect(await ready()).toEqual({ status: 'ok' });
    await withConnection(database.connectionString, (client) =>
      client.query('UPDATE _prisma_migrations SET finished_at = NULL'),
    );
    await waitUntil(async () =>
      expect(await ready()).toMatchObject({
        status: 'unavailable',
        reason: expect.stringContaining('npm run db:migrate'),
      }),
    );
  });
});

it.each(['1', '2'])('logs once what makes filters slower, with WORKERS=%s', async (WORKERS) => {
  await using database = await createDatabase();
  await database.db.$executeRaw`DROP INDEX users_meta_idx`;
  await using gateway = await startGateway({ DATABASE_URL: database.connection.connectionString, WORKERS });
  expect(
    gateway
      .output()
      .match(/Index users_meta_idx of users is missing; without it, these conditions are slower: attributes/g),
  ).toHaveLength(1);
});
