import type { DatabaseClient } from '../../../src/db/client.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { parseStoredFilter, type StoredFilter } from '../../../src/domain/segments/stored-filter.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';

/** A segment whose stored members are not those of its filter. */
interface Difference {
  segment: string;
  filter: StoredFilter;
  missing: string[];
  superfluous: string[];
}

/**
 * Compares the members of all segments of a workspace with a naive evaluation of their filters: of all users, at one instant, by the SQL
 * that queries use. Also finds definitions that are still being computed or deleted, and rows without a current definition or without a user.
 */
export function findDifferences(db: DatabaseClient, workspaceId: string): Promise<(Difference | string)[]> {
  const workspace = Prisma.sql`${workspaceId}::uuid`;
  return db.$transaction(
    async (tx) => {
      const [clock] = await tx.$queryRaw<{ now: Date }[]>`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;
      const scope = { workspaceId, now: clock?.now ?? new Date() };
      const segments = await tx.$queryRaw<{ segment: string; definitionId: string; filter: StoredFilter | null }[]>`
        SELECT name AS segment, segments.definition_id AS "definitionId", definition.filter FROM segments
        LEFT JOIN segment_definitions AS definition
          ON definition.workspace_id = segments.workspace_id AND definition.id = segments.definition_id
        WHERE segments.workspace_id = ${workspace} ORDER BY name`;
      const found: (Difference | string)[] = [];
      for (const { segment, definitionId, filter } of segments) {
        if (!filter) {
          found.push(`${segment} has never been computed`);
          continue;
        }
        const matches = toCondition(parseStoredFilter(filter)).sql(scope, false);
        const expected = await tx.$queryRaw<{ id: string }[]>(
          Prisma.sql`SELECT users.id FROM users WHERE users.workspace_id = ${workspace} AND ${matches}`,
        );
        const stored = await tx.$queryRaw<{ id: string }[]>`
          SELECT user_id AS id FROM segment_memberships
          WHERE workspace_id = ${workspace} AND definition_id = ${definitionId}::uuid`;
        const [right, actual] = [new Set(expected.map(({ id }) => id)), new Set(stored.map(({ id }) => id))];
        const missing = [...right.difference(actual)];
        const superfluous = [...actual.difference(right)];
        if (missing.length + superfluous.length > 0) found.push({ segment, filter, missing, superfluous });
      }
      const [rest] = await tx.$queryRaw<Record<string, number>[]>`
        WITH current AS (SELECT definition_id AS id FROM segments WHERE workspace_id = ${workspace}),
        person AS (SELECT id FROM users WHERE workspace_id = ${workspace})
        SELECT
          (SELECT count(*) FROM segment_definitions
            WHERE workspace_id = ${workspace} AND id NOT IN (SELECT id FROM current))::int AS definitions,
          (SELECT count(*) FROM segment_memberships
            WHERE workspace_id = ${workspace} AND definition_id NOT IN (SELECT id FROM current))::int AS members,
          (SELECT count(*) FROM segment_due
            WHERE workspace_id = ${workspace} AND definition_id NOT IN (SELECT id FROM current))::int AS dues,
          (SELECT count(*) FROM segment_memberships
            WHERE workspace_id = ${workspace} AND user_id NOT IN (SELECT id FROM person))::int AS "members without a user",
          (SELECT count(*) FROM segment_due
            WHERE workspace_id = ${workspace} AND user_id NOT IN (SELECT id FROM person))::int AS "dues without a user"`;
      for (const [name, count] of Object.entries(rest ?? {})) if (count > 0) found.push(`${count} ${name} are left`);
      return found;
    },
    { isolationLevel: 'RepeatableRead' },
  );
}

/** What a check of the history has seen. */
interface HistoryFigures {
  entered: number;
  exited: number;
}

/** Reads the history of a workspace and its members, in one snapshot: entries and exits by time alone go on. */
function readHistory(db: DatabaseClient, workspaceId: string) {
  return db.$transaction(
    async (tx) => {
      const entries = await tx.$queryRaw<
        { action: string; at: Date; segmentId: string; userId: string | null; computations: number }[]
      >`
        SELECT action::text, at, segment_id AS "segmentId", user_id AS "userId",
          (count(*) FILTER (WHERE action = 'computeSegment') OVER (PARTITION BY segment_id ORDER BY seq))::int AS computations
        FROM changes WHERE workspace_id = ${workspaceId}::uuid AND action IN ('enterSegment', 'exitSegment', 'computeSegment')
        ORDER BY seq`;
      const members = await tx.$queryRaw<{ segmentId: string; userId: string; enteredAt: Date }[]>`
        SELECT segments.id AS "segmentId", user_id AS "userId", entered_at AS "enteredAt" FROM segments
        JOIN segment_memberships AS membership
          ON membership.workspace_id = segments.workspace_id AND membership.definition_id = segments.definition_id
        WHERE segments.workspace_id = ${workspaceId}::uuid`;
      const existing = await tx.$queryRaw<
        { id: string }[]
      >`SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid`;
      return { entries, members, existing };
    },
    { isolationLevel: 'RepeatableRead' },
  );
}

/**
 * Checks the history of a workspace: since a segment was last computed, the entries and exits of each user alternate, and end in the
 * membership, with the instant of the last entry. If it was computed once, before there were users, the first one is an entry.
 * @returns the faults.
 */
export async function checkHistory(
  db: DatabaseClient,
  workspaceId: string,
): Promise<HistoryFigures & { faults: string[] }> {
  const { entries, members, existing } = await readHistory(db, workspaceId);
  const userIds = new Set(existing.map(({ id }) => id));
  const enteredAt = new Map(members.map((member) => [`${member.segmentId} ${member.userId}`, member.enteredAt]));
  const computations = new Map(entries.map((entry) => [entry.segmentId, entry.computations]));
  const last = new Map<string, { action: string; at: Date; userId: string; isOnlyComputation: boolean }>();
  const faults: string[] = [];
  const figures = { entered: 0, exited: 0 };
  for (const { action, at, segmentId, userId, ...entry } of entries) {
    if (userId === null || entry.computations !== computations.get(segmentId)) continue;
    const key = `${segmentId} ${userId}`;
    const before = last.get(key)?.action ?? (entry.computations === 1 ? 'exitSegment' : undefined);
    if (before === action) faults.push(`${key}: ${action} twice`);
    last.set(key, { action, at, userId, isOnlyComputation: entry.computations === 1 });
    figures[action === 'enterSegment' ? 'entered' : 'exited'] += 1;
  }
  for (const [key, { action, at, userId }] of last) {
    const member = enteredAt.get(key);
    if (!userIds.has(userId)) continue;
    if ((action === 'enterSegment') !== (member !== undefined)) faults.push(`${key}: ends with ${action}`);
    else if (member && member.getTime() !== at.getTime()) faults.push(`${key}: entered at another instant`);
  }
  for (const key of enteredAt.keys()) {
    const [segmentId = ''] = key.split(' ');
    if (computations.get(segmentId) === 1 && !last.has(key)) faults.push(`${key}: a member without an entry`);
  }
  return { ...figures, faults };
}
