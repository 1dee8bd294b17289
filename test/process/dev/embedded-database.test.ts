import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { openEmbeddedDatabase } from '../../../src/dev/embedded-database.ts';

it('allows the requested number of connections and 20 more', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-embedded-'));
  const { connection, close } = await openEmbeddedDatabase(directory, 640, async () => {});
  const client = new Client(connection);
  await client.connect();
  expect((await client.query('SHOW max_connections')).rows).toEqual([{ max_connections: '660' }]);
  await client.end();
  await close();
  await rm(directory, { recursive: true });
});
