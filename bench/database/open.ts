import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
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

/** The address of a database that runs, and how to let go of it. */
export interface BenchDatabase extends AsyncDisposable {
  url: string;
}

/**
 * Opens a database for so many users: that of `DATABASE_URL`, or one of the benchmark's own PostgreSQL, which keeps one
 * for each size.
 */
export async function openBenchDatabase(users: number, given = process.env.DATABASE_URL): Promise<BenchDatabase> {
  if (given) return { url: given, [Symbol.asyncDispose]: async () => {} };
  const lock = await lockDirectory(DIRECTORY);
  const postgres = await startEmbeddedPostgres({ directory: join(DIRECTORY, 'postgres'), settings: SETTINGS });
  const dispose = async () => {
    await postgres.stop();
    await lock.release();
  };
  try {
    const database = `bench_${users}`;
    await using client = await connect({ ...postgres.connection, database: 'postgres' });
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
    const { user, host } = postgres.connection;
    return {
      url: `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}`,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A connection that ends with its scope. */
export async function connect(settings: ConstructorParameters<typeof Client>[0]): Promise<Client & AsyncDisposable> {
  const client = new Client(settings);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
