import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { type DatabaseClient, openDatabase } from '../../src/db/client.ts';
import type { DatabaseTimeouts } from '../../src/db/timeouts.ts';
import { databaseUrl, TEMPLATE } from './database-url.ts';

/** A database that only one test uses. */
export interface TestDatabase extends AsyncDisposable {
  db: DatabaseClient;
  connection: { connectionString: string };
}

async function onServer<Result>(run: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: inject('serverUrl') });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

/** Creates a database; disposing of it drops it even with open connections. */
async function create(template: string): Promise<{ connectionString: string } & AsyncDisposable> {
  const name = `${inject('databasePrefix')}${randomUUID().replaceAll('-', '')}`;
  await onServer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  return {
    connectionString: databaseUrl(inject('serverUrl'), name),
    [Symbol.asyncDispose]: async () => {
      await onServer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** Creates a database without tables. */
export function createEmptyDatabase(): Promise<{ connectionString: string } & AsyncDisposable> {
  return create('template0');
}

/** Creates a migrated database without rows. */
export async function createDatabase(poolSize?: number, timeouts?: DatabaseTimeouts): Promise<TestDatabase> {
  const created = await create(inject('databasePrefix') + TEMPLATE);
  const connection = { connectionString: created.connectionString };
  const db = openDatabase(connection, { poolSize, timeouts });
  return {
    db,
    connection,
    [Symbol.asyncDispose]: async () => {
      await db.$disconnect();
      await created[Symbol.asyncDispose]();
    },
  };
}
