import { workspaceTables } from '../../src/domain/workspaces/delete.ts';
import type { OwnServer } from './own-server.ts';

/** Copies all rows of a database to a migrated one, with the values of sequences, as a dump that is restored does. */
export async function copyRows(from: Pick<OwnServer, 'query'>, to: Pick<OwnServer, 'query'>): Promise<void> {
  const tables = ['workspaces', ...workspaceTables.map(({ name }) => name)];
  for (const table of tables) {
    const [all] = await from.query(`SELECT coalesce(jsonb_agg(t), '[]')::text AS rows FROM ${table} AS t`);
    const rows = String(all?.rows).replaceAll("'", "''");
    // Like a dump, which adds triggers and foreign keys after the rows.
    await to.query(`SET session_replication_role = replica;
      INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, '${rows}')`);
  }
  const [sequence] = await from.query(`SELECT last_value FROM changes_seq_seq`);
  await to.query(`SELECT setval('changes_seq_seq', ${sequence?.last_value})`);
}
