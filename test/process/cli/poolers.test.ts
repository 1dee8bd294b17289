import { describe, expect, it } from 'vitest';
import { runCli } from '../../kit/cli.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { startIgnoringPooler } from '../../kit/ignoring-pooler.ts';
import { checkInstalled } from '../../kit/installed.ts';
import { keepsPrepared, pgbouncerVersion, startPgBouncer } from '../../kit/pgbouncer.ts';
import { fails, ok } from '../../kit/program.ts';

const isInstalled = checkInstalled('PgBouncer', pgbouncerVersion !== undefined);

const TIMEOUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

const DAY_MS = 86_400_000;

const WORKSPACE = '0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';

const PREPARED_STATEMENTS = keepsPrepared ? 'on' : 'off';

const cli = (env: Record<string, string>, command: string) =>
  runCli({ PREPARED_STATEMENTS, ...env }, ...command.split(' '));

const urlOf = ({ connection }: TestDatabase) => connection.connectionString;

/** Sets the timeouts of new sessions, as `connect_query` of a pooler does, in ms. */
const setTimeouts = async (database: TestDatabase, [statement, lock, idle]: readonly [number, number, number]) =>
  withConnection(urlOf(database), async (client) => {
    for (const [name, ms] of [
      ['statement_timeout', statement],
      ['lock_timeout', lock],
      [TIMEOUTS[2], idle],
    ]) {
      await client.query(`ALTER DATABASE ${database.name} SET ${name} = ${ms}`);
    }
  });

describe('commands behind a pooler that has timeouts of its own', () => {
  it.each<[string, number, number]>([
    [`import users users.csv --workspace ${WORKSPACE}`, 60_000, 30_000],
    [`export users users.csv --workspace ${WORKSPACE}`, 60_000, 30_000],
    [`erase user u1 --workspace ${WORKSPACE}`, 300_000, 60_000],
    [`workspaces delete ${WORKSPACE}`, 300_000, 60_000],
    ['indexes create updated-at', DAY_MS, DAY_MS],
  ])('%s exits unless DATABASE_DIRECT_URL has the address of PostgreSQL', async (command, statementMs, lockMs) => {
    await using database = await createDatabase();
    await setTimeouts(database, [5_000, 2_000, 10_000]);
    await using pooler = await startIgnoringPooler(urlOf(database), TIMEOUTS);
    expect(await cli({ DATABASE_URL: pooler.url }, command)).toEqual(
      fails(
        `error: Sessions of database "${database.name}" at 127.0.0.1:`,
        ` do not have the timeouts that the command needs: statement_timeout is 5000 ms instead of ${statementMs} ms, lock_timeout is 2000 ms instead of ${lockMs} ms. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself, without a connection pooler.`,
      ),
    );
    const direct = await cli({ DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: urlOf(database) }, command);
    expect(direct.stderr).not.toContain('timeouts');
  });

  it('other commands use the timeouts of the gateway, and reject sessions with longer timeouts or without', async () => {
    await using database = await createDatabase();
    await setTimeouts(database, [60_000, 2_000, 0]);
    await using pooler = await startIgnoringPooler(urlOf(database), TIMEOUTS);
    expect(await cli({ DATABASE_URL: pooler.url }, 'workspaces list')).toEqual(
      fails(
        'error: Sessions of database',
        ' lack timeouts: statement_timeout is 60000 ms (at most 5000 ms, LIMIT_STATEMENT_MS), idle_in_transaction_session_timeout is off (at most 10000 ms). Set them in',
      ),
    );
    await setTimeouts(database, [60_000, 1_000, 10_000]);
    const env = { DATABASE_URL: pooler.url, LIMIT_STATEMENT_MS: '60000', LIMIT_REQUEST_MS: '60000' };
    expect(await cli(env, 'workspaces list --json')).toEqual(ok('[]\n'));
  });
});

describe.runIf(isInstalled)('commands behind PgBouncer in transaction mode', () => {
  it('import needs DATABASE_DIRECT_URL with the shipped configuration', async () => {
    await using database = await createDatabase();
    await using pooler = await startPgBouncer({ serverUrl: urlOf(database) });
    const DATABASE_URL = pooler.urlOf(database.name);
    const command = `import users users.csv --workspace ${WORKSPACE}`;
    expect(await cli({ DATABASE_URL }, 'workspaces list --json')).toEqual(ok('[]\n'));
    expect(await cli({ DATABASE_URL }, command)).toEqual(
      fails('error: Sessions of database', 'statement_timeout is 5000 ms instead of 60000 ms'),
    );
    expect(await cli({ DATABASE_URL, DATABASE_DIRECT_URL: urlOf(database) }, command)).toEqual(
      fails('error: ', `Workspace ${WORKSPACE} does not exist.`),
    );
  });

  it('changes of indexes need a session, also where the pooler has their timeouts', async () => {
    await using database = await createDatabase();
    const connectQuery = `SET statement_timeout = ${DAY_MS}; SET lock_timeout = ${DAY_MS}; SET idle_in_transaction_session_timeout = 10000`;
    await using pooler = await startPgBouncer({ serverUrl: urlOf(database), connectQuery });
    const env = { DATABASE_URL: pooler.urlOf(database.name) };
    expect(await cli(env, 'indexes create updated-at')).toEqual(
      fails(
        'error: PostgreSQL at ',
        ' is behind a connection pooler in transaction mode, and changes of indexes need a session. Set DATABASE_DIRECT_URL',
      ),
    );
  });
});
