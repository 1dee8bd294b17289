import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { createEmptyDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { failGateway, launch, queryAsDemo, serverRuns, startGateway } from '../../kit/gateway-process.ts';
import { writePersisted } from '../../kit/persisted.ts';
import { waitUntil } from '../../kit/workers.ts';

const create = (uid: string) => `mutation { createUser(input: { uid: "${uid}" }) { __typename } }`;
const read = (uid: string) => `{ user(uid: "${uid}") { uid } }`;

describe('the gateway on the embedded database', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'usergraph-main-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('prints the address, both keys and a curl command that works', async () => {
    await using gateway = await startGateway({ DATA_DIR: directory });
    expect(gateway.output()).toMatch(
      /GraphiQL +http:\/\/127\.0\.0\.1:\d+\/graphql\n +public key +pk_demo\n +secret +sk_demo/,
    );
    const line = /^ *(curl .*)$/m.exec(gateway.output())?.[1] ?? '';
    const answer = JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' }));
    expect(answer).toMatchObject({ data: { users: { totalCount: 250 } } });
    expect(answer.data.users.nodes).toHaveLength(3);
  });

  it('prints no curl command if only persisted operations are allowed, since it would be rejected', async () => {
    await using persisted = await writePersisted({});
    const only = { PERSISTED_OPERATIONS: persisted.file, PERSISTED_OPERATIONS_ONLY: 'on' };
    await using gateway = await startGateway({ DATA_DIR: directory, ...only });
    expect(gateway.output()).toMatch(/GraphQL +http:\/\/127\.0\.0\.1:\d+\/graphql\n +public key +pk_demo\n/);
    expect(gateway.output()).not.toContain('curl');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly with its database on %s', async (signal) => {
    const gateway = await startGateway({ DATA_DIR: directory });
    expect(await serverRuns(directory)).toBe(true);
    expect(await gateway.end(signal)).toBe(0);
    expect(await serverRuns(directory)).toBe(false);
  });

  it('stops cleanly with its database while an idle connection is open', async () => {
    const gateway = await startGateway({ DATA_DIR: directory });
    const silent = connect(Number(new URL(gateway.address).port), '127.0.0.1');
    await once(silent, 'connect');
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(await serverRuns(directory)).toBe(false);
    silent.destroy();
  });

  it('keeps its data after a restart', async () => {
    const first = await startGateway({ DATA_DIR: directory });
    expect(await queryAsDemo(first.address, create('kept'))).toMatchObject({
      data: { createUser: { __typename: 'CreateUserPayload' } },
    });
    await first.end('SIGINT');
    await using second = await startGateway({ DATA_DIR: directory });
    expect(await queryAsDemo(second.address, read('kept'))).toEqual({ data: { user: { uid: 'kept' } } });
  });

  it('recovers after kill -9', async () => {
    const killed = await startGateway({ DATA_DIR: directory });
    await queryAsDemo(killed.address, create('survivor'));
    await killed.end('SIGKILL');
    await using next = await startGateway({ DATA_DIR: directory });
    expect(await queryAsDemo(next.address, read('survivor'))).toEqual({ data: { user: { uid: 'survivor' } } });
  });

  it('fails with one line if another gateway uses the data folder', async () => {
    await using gateway = await startGateway({ DATA_DIR: directory });
    const { code, output } = await failGateway({ DATA_DIR: directory });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^Another usergraph \(process \d+\) is using \S+\. .*\n$/),
    ]);
    expect(output).toContain(String(gateway.pid));
  });

  it('fails with one line if the port is in use, and stops its database', async () => {
    const other = await mkdtemp(join(tmpdir(), 'usergraph-main-'));
    await using gateway = await startGateway({ DATA_DIR: directory });
    const { code, output } = await failGateway({ DATA_DIR: other, PORT: new URL(gateway.address).port });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^Cannot listen: EADDRINUSE: .* Stop the program that uses the port, or set PORT\.\n$/),
    ]);
    expect(await serverRuns(other)).toBe(false);
    await rm(other, { recursive: true });
  });
});

describe('the gateway on a server', () => {
  it('keeps serving while it drains, reports not ready, and closes connections', async () => {
    await using database = await createEmptyDatabase();
    await migrate(database);
    await using gateway = await startGateway({ DATABASE_URL: database.connectionString, DRAIN_MS: '5000' });
    const get = (path: string) => fetch(gateway.address + path);
    expect((await get('/health/ready')).headers.get('connection')).toBe('keep-alive');
    const ended = gateway.end('SIGTERM');
    await waitUntil(async () => expect((await get('/health/ready')).status).toBe(503));
    const ready = await get('/health/ready');
    expect([await ready.json(), ready.headers.get('connection')]).toEqual([
      { status: 'unavailable', reason: 'The gateway is shutting down.' },
      'close',
    ]);
    expect((await get('/health/live')).status).toBe(200);
    const answer = await queryAsDemo(gateway.address, '{ viewer { keyId } }');
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await ended).toBe(0);
  });

  it('stops on SIGTERM while it repairs a restored database', async () => {
    await using database = await createEmptyDatabase();
    await migrate(database);
    const url = database.connectionString;
    // Changes of transactions that the server has not reached, in workspaces that take half a second each.
    await withConnection(url, (client) =>
      client.query(`
        INSERT INTO workspaces (workspace_id, name) SELECT gen_random_uuid(), 'Restored' FROM generate_series(1, 40);
        INSERT INTO changes (workspace_id, xid, at, key_id, action)
          SELECT workspace_id, 10000000000, now(), 'cli', 'updateList' FROM workspaces;
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
        CREATE TRIGGER wait AFTER UPDATE ON changes EXECUTE FUNCTION wait();`),
    );
    const { child, output } = launch({ DATABASE_URL: url });
    const ended = once(child, 'exit');
    await waitUntil(() =>
      withConnection(url, async (client) => {
        const { rows } = await client.query('SELECT FROM changes WHERE xid = 0');
        expect(rows.length).toBeGreaterThan(0);
      }),
    );
    child.kill('SIGTERM');
    await ended;
    expect({ code: child.exitCode, output: output() }).toEqual({
      code: 0,
      output: expect.not.stringContaining('Server listening'),
    });
  });

  it('has no demo key', async () => {
    await using database = await createEmptyDatabase();
    await migrate(database);
    await using gateway = await startGateway({ DATABASE_URL: database.connectionString });
    expect(await queryAsDemo(gateway.address, '{ viewer { keyId } }')).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(gateway.output()).not.toContain('pk_demo');
  });

  it('prints one line for each invalid variable', async () => {
    const { code, output } = await failGateway({ PORT: 'x', LOG_LEVEL: 'loud' });
    expect([code, output.trim().split('\n').length]).toEqual([1, 3]);
  });
});
