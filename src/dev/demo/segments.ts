import type { Segment } from '../../domain/segments/segment.ts';
import type { Random } from './random.ts';
import { daysAfter, period } from './random.ts';
import type { DeviceRow, UserRow } from './rows.ts';

/** That a user is in a segment. */
export interface SegmentMembershipRow {
  segmentId: string;
  userId: string;
  suppressed: boolean;
}

/** What the segments are computed from. */
export interface Population {
  users: readonly UserRow[];
  devices: readonly DeviceRow[];
  /** How many events each user has, by id. */
  eventCounts: ReadonlyMap<string, number>;
}

/** A segment, and whom it holds. */
interface Rule {
  name: string;
  createdAt: string;
  holds(user: UserRow, population: Population): boolean;
}

const rules: readonly Rule[] = [
  {
    name: 'Paying customers',
    createdAt: '2024-10-08T09:00:00Z',
    holds: (user) => user.meta.plan !== 'free',
  },
  {
    name: 'iPhone users',
    createdAt: '2024-12-02T16:45:20Z',
    holds: (user, { devices }) => devices.some(({ userId, platform }) => userId === user.id && platform === 'ios'),
  },
  {
    name: 'Power users',
    createdAt: '2025-03-11T10:20:00Z',
    holds: (user, { eventCounts }) => (eventCounts.get(user.id) ?? 0) >= 25,
  },
  {
    name: 'Signed up in the last 90 days',
    createdAt: '2025-09-01T08:00:00Z',
    holds: (user) => user.createdAt >= daysAfter(period.last, -90),
  },
  {
    name: 'Large teams',
    createdAt: '2026-02-19T14:10:00Z',
    holds: (user) => Number(user.meta.seats ?? 0) >= 40,
  },
];

/** Makes the segments, and who is in them. */
export function makeSegments(random: Random, population: Population) {
  const segments: (Segment & { createdAt: Date })[] = [];
  const memberships: SegmentMembershipRow[] = [];
  for (const { name, holds, ...rule } of rules) {
    const createdAt = new Date(rule.createdAt);
    const segmentId = random.id(createdAt);
    segments.push({ id: segmentId, name, createdAt });
    for (const user of population.users) {
      if (!holds(user, population)) continue;
      memberships.push({ segmentId, userId: user.id, suppressed: random.chance(0.08) });
    }
  }
  return { segments, memberships };
}
