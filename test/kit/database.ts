import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { type DatabaseClient, DEFAULT_TIMEOUTS, openDatabase } from '../../src/db/client.ts';
import type { DatabaseTimeouts } from '../../src/db/timeouts.ts';
import { databaseUrl, disconnectAll, dropDatabase, TEMPLATE, withConnection } from './database-url.ts';
import { variant } from './variant.ts';

/** A migrated database with an open client. */
export interface TestDatabase extends AsyncDisposable {
  name: string;
  db: DatabaseClient;
  connection: TestConnection;
}

/** How to connect to a test database; `openDatabase` opens a client like those of the application. */
export interface TestConnection {
  connectionString: string;
  isDistributed: boolean;
}

/** Options of the client of a test database. */
interface ClientOptions {
  poolSize?: number | undefined;
  timeouts?: DatabaseTimeouts;
  /** Connects to the server itself: a pooler keeps connections after the client has disconnected. */
  isDirect?: boolean;
}

/** The database that all tests of this worker share, once the first of them has created it. */
let workerDatabase: Promise<TestConnection> | undefined;

/**
 * Opens a client on the database of this worker. It holds the rows of other tests too: a test reads and writes in
 * workspaces of its own. Disposal closes the client and keeps the database.
 */
export async function openWorkerDatabase(options: ClientOptions = {}): Promise<TestDatabase> {
  const name = `${inject('databasePrefix')}worker_${process.env.VITEST_POOL_ID}`;
  workerDatabase ??= withConnection(inject('serverUrl'), async (client) => {
    // With isolation, the workers of one pool slot run one after another and share its database.
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(createFromTemplate(name, templateName()));
    return connectionTo(databaseUrl(inject('serverUrl'), name));
  });
  const connection = await workerDatabase;
  const db = open(connection, options);
  return { name, db, connection, [Symbol.asyncDispose]: () => db.$disconnect() };
}

/**
 * Creates a migrated database without any row, for tests that change or count what belongs to no workspace: tables,
 * settings, sessions, the rows of background jobs.
 * @param template the database to copy, to which no session is connected.
 */
export async function createDatabase({
  template = templateName(),
  ...options
}: ClientOptions & { template?: string } = {}): Promise<TestDatabase> {
  const created = await create(template);
  const connection = connectionTo(created.connectionString);
  const db = open(connection, options);
  return {
    name: created.name,
    db,
    connection,
    [Symbol.asyncDispose]: async () => {
      await db.$disconnect();
      await created[Symbol.asyncDispose]();
    },
  };
}

/** Ends the sessions of Citus in a database that is to be copied. */
export async function closeTemplate(name: string): Promise<void> {
  if (variant.distributed) await withConnection(inject('serverUrl'), (client) => disconnectAll(client, name));
}

/** Creates a database without any table. @param options appended to CREATE DATABASE. */
export function createEmptyDatabase(options = ''): Promise<{ connectionString: string } & AsyncDisposable> {
  return create('template0', options);
}

const connectionTo = (connectionString: string): TestConnection => ({
  connectionString,
  isDistributed: variant.distributed,
});

const templateName = () => inject('databasePrefix') + TEMPLATE;

// Copying the files takes a tenth of the time of PostgreSQL's default, which writes each page to its log.
const createFromTemplate = (name: string, template: string, options = '') =>
  `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy ${options}`;

/** Opens the client of the application: behind the pooler, unless its timeouts differ from those of the pooler. */
function open(connection: TestConnection, { poolSize, timeouts, isDirect }: ClientOptions): DatabaseClient {
  const isPooled = variant.pooled && !isDirect && (!timeouts || hasDefaultTimeouts(timeouts));
  const { pathname } = new URL(connection.connectionString);
  const opened = isPooled
    ? { connectionString: databaseUrl(inject('poolerUrl'), pathname.slice(1)), timeoutsAtPooler: true }
    : connection;
  return openDatabase(opened, { poolSize, timeouts, prepared: variant.prepared });
}

const hasDefaultTimeouts = ({ statementMs, lockMs }: DatabaseTimeouts) =>
  statementMs === DEFAULT_TIMEOUTS.statementMs && lockMs === DEFAULT_TIMEOUTS.lockMs;

/** Creates a database. Disposal drops it, even while sessions are connected to it. */
async function create(
  template: string,
  options = '',
): Promise<{ name: string; connectionString: string } & AsyncDisposable> {
  const name = `${inject('databasePrefix')}${randomUUID().replaceAll('-', '')}`;
  await withConnection(inject('serverUrl'), (client) => client.query(createFromTemplate(name, template, options)));
  return {
    name,
    connectionString: databaseUrl(inject('serverUrl'), name),
    [Symbol.asyncDispose]: async () => {
      await withConnection(inject('serverUrl'), (client) => dropDatabase(client, name));
    },
  };
}
