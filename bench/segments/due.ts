import { waitUntilConsumed } from './consumer.ts';
import type { SegmentDatabase } from './database.ts';
import { segmentOfEvent, trackedEvents } from './filters.ts';
import type { MembershipFollower } from './follow-memberships.ts';

const DAY_MS = 86_400_000;

/** Time in ms from the addition of the events until the load begins, at most; no window ends within it. */
const PREPARATION_MS = 1_000;

const MAX_CONSUMPTION_MS = 60_000;

interface DueOptions {
  users: readonly { id: string }[];
  /** The windows end within as many seconds. */
  seconds: number;
  segmentIds: ReadonlyMap<string, string>;
  follower: MembershipFollower;
  /** Receives how late each exit was visible, in ms. */
  lateness: number[];
}

/** Adds an event to each of some users, so that a window ends during the load that follows, and expects the users to exit then. */
export async function addDueEvents(
  { client, workspaceId, ageDays }: SegmentDatabase,
  { users, seconds, segmentIds, follower, lateness }: DueOptions,
): Promise<void> {
  const [name] = trackedEvents;
  const segmentId = segmentIds.get(segmentOfEvent(name));
  if (segmentId === undefined) throw new Error(`There is no segment on ${name}.`);
  const windowMs = (1 + ageDays) * DAY_MS;
  const start = Date.now() + PREPARATION_MS;
  const dues = users.map(({ id }, place) => ({
    id,
    due: Math.round(start + (place * seconds * 1_000) / users.length),
  }));
  await client.query(
    `WITH added AS (
      INSERT INTO events (workspace_id, id, user_id, name, properties, timestamp)
      SELECT $1, uuidv7(), input.id, $2, '{}', to_timestamp(input.ms / 1000.0)
      FROM unnest($3::uuid[], $4::bigint[]) AS input(id, ms)
      RETURNING id, user_id
    )
    INSERT INTO changes (workspace_id, at, key_id, action, user_id, event_id, changed)
    SELECT $1, now(), 'bench', 'addEvent', user_id, id, ARRAY['event.' || $2] FROM added`,
    [workspaceId, name, users.map(({ id }) => id), dues.map(({ due }) => due - windowMs)],
  );
  for (const { id: userId, due } of dues) {
    follower.expect({ userId, segmentId, action: 'exitSegment' }, due - performance.timeOrigin, lateness);
  }
  await waitUntilConsumed(client, workspaceId, MAX_CONSUMPTION_MS);
}
