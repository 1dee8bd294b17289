import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';

/** Where the counts of events and changes stop. */
export const COUNT_CAP = 100_000;

/** Numbers of rows about a user. */
export interface PersonalDataCounts {
  /** Up to `COUNT_CAP`. */
  events: number;
  /** Audit entries and changes, up to `COUNT_CAP`. They are kept without personal data. */
  changes: number;
  devices: number;
  lists: number;
  segments: number;
  suppressions: number;
}

/** Counts the rows about a user, who may have been deleted. */
export async function countPersonalData(db: ReadDb, workspaceId: string, userId: string): Promise<PersonalDataCounts> {
  const count = (table: string, cap?: number) => {
    const name = Prisma.raw(table);
    const limit = cap === undefined ? Prisma.empty : Prisma.sql`LIMIT ${cap}`;
    return Prisma.sql`(SELECT count(*)::int FROM (
      SELECT FROM ${name} WHERE ${name}.workspace_id = ${workspaceId}::uuid AND ${name}.user_id = ${userId}::uuid ${limit}
    ) AS counted)`;
  };
  const [counts] = await db.query<PersonalDataCounts[]>`/* countPersonalData */
    SELECT ${count('events', COUNT_CAP)} AS events, ${count('changes', COUNT_CAP)} AS changes,
      ${count('devices')} AS devices, ${count('list_memberships')} AS lists,
      ${count('segment_memberships')} AS segments, ${count('segment_suppressions')} AS suppressions`;
  if (!counts) throw new Error('A statement without FROM returned no row.');
  return counts;
}
