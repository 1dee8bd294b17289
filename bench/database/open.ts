import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { lockDirectory } from '../../src/dev/instance-lock.ts';

/** Where the benchmark keeps its PostgreSQL. */
const DIRECTORY = join(import.meta.dirname, '../../.data/bench');

/**
 * Memory as on a small server, and no noise from checkpoints. A commit does not wait for the disk, which all contestants
 * would do alike and which would hide what they cost.
 */
const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  synchronous_commit: 'off',
  jit: 'off',
};

/** A PostgreSQL that runs, and how to let go of it. */
export interface BenchServer extends AsyncDisposable {
  /** The address of the database for so many users, which holds what an earlier run has left. */
  database(users: number): Promise<string>;
}

/** Opens the benchmark's own PostgreSQL, which keeps a database for each size, or the one database of `DATABASE_URL`. */
export async function openBenchServer(given = process.env.DATABASE_URL): Promise<BenchServer> {
  if (given) return serverOf(given);
  const lock = await lockDirectory(DIRECTORY);
  const postgres = await startEmbeddedPostgres({ directory: join(DIRECTORY, 'postgres'), settings: SETTINGS });
  return {
    database: (users) => findOrCreate(postgres.connection, `bench_${users}`),
    [Symbol.asyncDispose]: async () => {
      await postgres.stop();
      await lock.release();
    },
  };
}

/** One database that is given, which can be of one size only. */
function serverOf(url: string): BenchServer {
  let size: number | undefined;
  return {
    database: async (users) => {
      size ??= users;
      if (users !== size) throw new Error('DATABASE_URL names one database; unset it where two sizes are compared.');
      return url;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function findOrCreate(connection: EmbeddedPostgres['connection'], database: string): Promise<string> {
  await using client = await connect({ ...connection, database: 'postgres' });
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  const { user, host } = connection;
  return `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
}

/** A connection that ends with its scope. */
export async function connect(settings: ConstructorParameters<typeof Client>[0]): Promise<Client & AsyncDisposable> {
  const client = new Client(settings);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
