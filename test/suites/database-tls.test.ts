import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withConnection } from '../kit/database-url.ts';
import {
  type DebianPostgres,
  hasDebianPostgres,
  readDocumentedCode,
  startDebianPostgres,
} from '../kit/debian-postgres.ts';
import { freePorts } from '../kit/free-ports.ts';
import { failGateway, queryAs, startGateway } from '../kit/gateway-process.ts';
import { checkInstalled } from '../kit/installed.ts';
import { migrateWithOwner } from '../kit/own-server.ts';
import { keepsPrepared, pgbouncerVersion, startPgBouncer } from '../kit/pgbouncer.ts';

/** Makes a CA, a certificate for `localhost` that it has signed, and another CA. */
const CERTIFICATES = `
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -days 2 -subj '/CN=CA' -keyout ca.key -out ca.crt
openssl req -x509 $new -days 2 -subj '/CN=Another CA' -keyout other.key -out other.crt
openssl req $new -subj '/CN=localhost' -addext 'subjectAltName=DNS:localhost' -keyout server.key -out server.csr
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out server.crt
chmod 600 server.key`;

const SETTINGS = `ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
password_encryption = 'scram-sha-256'`;

/** Starts a server that accepts connections from the network only with TLS and a password. */
async function startTlsServer(port: number): Promise<DebianPostgres> {
  const server = await startDebianPostgres({ settings: SETTINGS, port });
  await server.shell(CERTIFICATES);
  await server.shell(`printf 'local all all trust\\nhostssl all all 127.0.0.1/32 scram-sha-256\\n' > "$PGDATA/pg_hba.conf"
    psql -q -c 'ALTER SYSTEM SET ssl = on' -c 'SELECT pg_reload_conf()'`);
  return server;
}

/** Creates the database and its two users, as documented. */
async function createUsers(server: DebianPostgres): Promise<void> {
  const sql = await readDocumentedCode('Password of the database', 'sql');
  await server.shell(`psql -q -v ON_ERROR_STOP=1 <<'SQL'\n${sql}\nSQL`);
}

const CREATE_USER = 'mutation { createUser(input: { uid: "u" }) { __typename } }';

/** The exit code and the lines of a gateway that does not start. */
async function failure(environment: Record<string, string>): Promise<unknown[]> {
  const { code, output } = await failGateway({ DATABASE_WAIT_MS: '0', ...environment });
  return [code, ...output.trimEnd().split('\n')];
}

/** The line of a gateway that cannot verify a certificate. */
const unverified = (host: string, port: number, reason: string) =>
  expect.stringMatching(
    new RegExp(
      `^PostgreSQL at ${host}:${port} has a certificate that cannot be verified: .*${reason}.*\\. Set sslrootcert in DATABASE_URL to the certificate of its CA, and the host to a name in its certificate\\.$`,
    ),
  );

it('uses TLS to the database with either of two users, and rejects certificates of another CA or host', async ({
  skip,
}) => {
  if (!hasDebianPostgres) skip('needs Debian’s PostgreSQL 15, as in .ci/run');
  const port = await freePorts(1);
  await using server = await startTlsServer(port);
  await createUsers(server);
  const urlOf = (user: string, { host = 'localhost', ca = 'ca.crt' } = {}) =>
    `postgres://${user}:${user.replace('usergraph', 'password')}@${host}:${port}/usergraph?sslmode=verify-full&sslrootcert=${join(server.folder, ca)}`;
  const { owner } = await migrateWithOwner({ connectionString: urlOf('usergraph_a') });

  // The other user has all rights on the tables; neither is a superuser.
  await using gateway = await startGateway({ DATABASE_URL: urlOf('usergraph_b') });
  expect(await queryAs(gateway.address, owner, CREATE_USER)).toEqual({
    data: { createUser: { __typename: 'CreateUserPayload' } },
  });
  expect(await queryAs(gateway.address, owner, '{ changes(from: NOW) { hasMore } }')).toEqual({
    data: { changes: { hasMore: false } },
  });
  const sessions = await server.shell(`psql -Atd usergraph -c "SELECT DISTINCT usename, ssl, version
    FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename LIKE 'usergraph%'"`);
  expect(sessions).toBe('usergraph_b|t|TLSv1.3\n');

  const [ofAnotherCa, ofAnotherHost] = await Promise.all([
    failure({ DATABASE_URL: urlOf('usergraph_a', { ca: 'other.crt' }) }),
    failure({ DATABASE_URL: urlOf('usergraph_a', { host: '127.0.0.1' }) }),
  ]);
  expect(ofAnotherCa).toEqual([1, unverified('localhost', port, 'certificate')]);
  expect(ofAnotherHost).toEqual([1, unverified('127.0.0.1', port, '127.0.0.1')]);
});

/** The settings for TLS of the shipped configuration, which are comments there, with the files of a folder. */
async function tlsSettingsIn(folder: string): Promise<Record<string, string>> {
  const shipped = await readFile('deploy/pgbouncer/pgbouncer.ini', 'utf8');
  const settings = shipped.matchAll(/^;((?:client|server)_tls_\w+) = (.+)$/gm);
  return Object.fromEntries([...settings].map(([, name, value]) => [name, value?.replace('/etc/pgbouncer', folder)]));
}

it('uses TLS to PgBouncer and from there to the database, and rejects certificates of another CA', async ({ skip }) => {
  if (!hasDebianPostgres) skip('needs Debian’s PostgreSQL 15, as in .ci/run');
  if (!checkInstalled('PgBouncer', pgbouncerVersion !== undefined))
    skip('needs PgBouncer: Debian’s package, or TEST_PGBOUNCER');
  const port = await freePorts(2);
  const poolerPort = port + 1;
  await using server = await startTlsServer(port);
  await createUsers(server);
  const credentials = 'usergraph_a:password_a@localhost';
  const tls = `sslmode=verify-full&sslrootcert=${join(server.folder, 'ca.crt')}`;
  const direct = `postgres://${credentials}:${port}/usergraph?${tls}`;
  const { owner } = await migrateWithOwner({ connectionString: direct });
  const settings = {
    ...{
      listen_addr: '127.0.0.1',
      listen_port: String(poolerPort),
      auth_type: 'scram-sha-256',
      stats_users: 'usergraph_a',
    },
    ...(await tlsSettingsIn(server.folder)),
  };
  const pooled = `postgres://${credentials}:${poolerPort}/usergraph`;
  const env = { DATABASE_URL: `${pooled}?${tls}`, PREPARED_STATEMENTS: keepsPrepared ? 'on' : 'off' };
  {
    await using _pooler = await startPgBouncer({ serverUrl: direct, settings });
    await using gateway = await startGateway(env);
    expect(await queryAs(gateway.address, owner, CREATE_USER)).toMatchObject({ data: {} });
    const console = `postgres://${credentials}:${poolerPort}/pgbouncer?${tls}`;
    const { rows } = await withConnection(console, (client) => client.query('SHOW CLIENTS'));
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.filter(({ tls: session }) => !String(session).startsWith('TLSv1.3'))).toEqual([]);
    const sessions = await server.shell(`psql -Atd usergraph -c "SELECT DISTINCT usename, ssl, version
      FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE usename LIKE 'usergraph%'"`);
    expect(sessions).toBe('usergraph_a|t|TLSv1.3\n');
    const otherCa = env.DATABASE_URL.replace('/ca.crt', '/other.crt');
    expect(await failure({ ...env, DATABASE_URL: otherCa })).toEqual([
      1,
      unverified('localhost', poolerPort, 'certificate'),
    ]);
    expect(await failure({ ...env, DATABASE_URL: pooled, DATABASE_WAIT_MS: '20000' })).toEqual([
      1,
      `PostgreSQL at localhost:${poolerPort} requires TLS. Set sslmode=verify-full in DATABASE_URL, and sslrootcert to the certificate of its CA.`,
    ]);
  }
  const untrusting = { ...settings, server_tls_ca_file: join(server.folder, 'other.crt') };
  await using pooler = await startPgBouncer({ serverUrl: direct, settings: untrusting });
  expect(await failure(env)).toEqual([1, expect.stringMatching(/^Cannot reach PostgreSQL at localhost:/)]);
  expect(pooler.log()).toContain('certificate verify failed');
});
