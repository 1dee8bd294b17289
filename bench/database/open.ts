import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { lockDirectory } from '../../src/dev/instance-lock.ts';

const DIRECTORY = join(import.meta.dirname, '../../.data/bench');

/**
 * Memory of a small server, and rare checkpoints, which would disturb the measurement. Commits do not wait for the disk:
 * waiting would take the same time for all servers and hide their differences.
 */
const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  synchronous_commit: 'off',
  jit: 'off',
};

/** A running PostgreSQL server; disposing of it stops it. */
export interface BenchPostgres extends AsyncDisposable {
  /** Returns the URL of the database for a number of users, or of another size. Its rows are kept between runs. */
  databaseUrl(size: number | string): Promise<string>;
}

/**
 * Starts the benchmark's own PostgreSQL, with a database for each number of users, or uses the database of `DATABASE_URL`.
 * @param prefix of the databases' names. @param directory where the server's data is kept.
 */
export async function openBenchPostgres(prefix = 'bench', directory = DIRECTORY): Promise<BenchPostgres> {
  const externalUrl = process.env.DATABASE_URL;
  if (externalUrl) return externalPostgres(externalUrl);
  const lock = await lockDirectory(directory);
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings: SETTINGS });
  return {
    databaseUrl: (size) => findOrCreate(postgres.connection, `${prefix}_${size}`),
    [Symbol.asyncDispose]: async () => {
      await postgres.stop();
      await lock.release();
    },
  };
}

/** A single existing database, which can have only one size. */
function externalPostgres(url: string): BenchPostgres {
  let onlySize: number | string | undefined;
  return {
    databaseUrl: async (size) => {
      onlySize ??= size;
      if (size !== onlySize) throw new Error('DATABASE_URL must not be set for a benchmark that needs two databases.');
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

/** Opens a connection that closes when it is disposed of. */
export async function connect(settings: ConstructorParameters<typeof Client>[0]): Promise<Client & AsyncDisposable> {
  const client = new Client(settings);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
