import type { ReadDb } from './statements.ts';

/** Why a database rejects writes. */
export type ReadOnlyCause = 'standby' | 'setting';

/** Describes the cause, for messages. */
export const describeReadOnlyCause = (cause: ReadOnlyCause): string =>
  cause === 'standby' ? 'it is a standby' : 'default_transaction_read_only is on';

/** Returns why the database rejects writes; undefined if it accepts them. */
export async function findReadOnlyCause(db: ReadDb): Promise<ReadOnlyCause | undefined> {
  const [row] = await db.query<[{ isStandby: boolean; isReadOnly: boolean }]>`/* checkWritable */
    SELECT pg_is_in_recovery() AS "isStandby", current_setting('transaction_read_only')::bool AS "isReadOnly"`;
  return toReadOnlyCause(row);
}

/** The cause by what a session reports. */
export function toReadOnlyCause(session: { isStandby: boolean; isReadOnly: boolean }): ReadOnlyCause | undefined {
  if (session.isStandby) return 'standby';
  return session.isReadOnly ? 'setting' : undefined;
}
