import type { Database } from './client.ts';
import { acquire, statementsOnClient } from './statements.ts';

/** Why a database rejects writes. */
export type ReadOnlyCause = 'standby' | 'setting';

/** Describes the cause, for messages. */
export const describeReadOnlyCause = (cause: ReadOnlyCause): string =>
  cause === 'standby' ? 'it is a standby' : 'default_transaction_read_only is on';

/** The cause by what a session reports; undefined if it accepts writes. */
export function toReadOnlyCause(session: { isStandby: boolean; isReadOnly: boolean }): ReadOnlyCause | undefined {
  if (session.isStandby) return 'standby';
  return session.isReadOnly ? 'setting' : undefined;
}

/**
 * Returns why the database rejects writes; undefined if it accepts them. Closes a connection that rejects writes: otherwise the pool would
 * keep using it after the address leads to another server.
 */
export async function findReadOnlyCause({ connections, prepared }: Database): Promise<ReadOnlyCause | undefined> {
  const client = await acquire(connections);
  let isReusable = false;
  try {
    const [row] = await statementsOnClient(client, prepared).query<
      [{ isStandby: boolean; isReadOnly: boolean }]
    >`/* checkWritable */
      SELECT pg_is_in_recovery() AS "isStandby", current_setting('transaction_read_only')::bool AS "isReadOnly"`;
    const cause = toReadOnlyCause(row);
    isReusable = cause === undefined;
    return cause;
  } finally {
    client.release(!isReusable);
  }
}
