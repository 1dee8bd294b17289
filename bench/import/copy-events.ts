import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { deleteEvents } from './database.ts';

/** The columns of what an import of events writes. Triggers write the last event of each user. */
const tables = [
  { table: 'events', columns: 'workspace_id, id, user_id, name, value, properties, timestamp', order: 'id' },
  { table: 'changes', columns: 'workspace_id, at, key_id, action, user_id, event_id, changed', order: 'seq' },
] as const;

/**
 * Deletes the events and changes that an import has written, and writes them again with `COPY`.
 * @param directory in which the server of the database can write. @returns the seconds of `COPY`.
 */
export async function copyEvents(client: Client, directory: string): Promise<number> {
  const fileOf = (table: string) => join(directory, `${table}.copy`);
  for (const { table, columns, order } of tables) {
    await client.query(`COPY (SELECT ${columns} FROM ${table} ORDER BY ${order}) TO '${fileOf(table)}'`);
  }
  await deleteEvents(client);
  const started = performance.now();
  await client.query('BEGIN');
  for (const { table, columns } of tables) {
    await client.query(`COPY ${table} (${columns}) FROM '${fileOf(table)}'`);
  }
  await client.query('COMMIT');
  const seconds = (performance.now() - started) / 1_000;
  for (const { table } of tables) await rm(fileOf(table));
  return seconds;
}
