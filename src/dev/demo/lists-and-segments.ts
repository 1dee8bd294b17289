import type { Segment } from '../../domain/segments/segment.ts';
import { daysAfter, period, type Random } from './random.ts';
import type { DeviceRow, ListMembershipRow, ListRow, UserRow } from './rows.ts';

/** A demo list. */
interface ListTemplate {
  title: string;
  description: string | null;
  createdAt: string;
  archivedAt?: string;
  /** Probability that a user who can join the list is a member. */
  share: number;
}

const listTemplates: readonly ListTemplate[] = [
  {
    title: 'Weekly digest',
    description: 'What is new, every Monday at 8.',
    createdAt: '2024-10-07T08:00:00Z',
    share: 0.55,
  },
  {
    title: 'Product updates',
    description: 'Releases and changes that users notice. At most two a month.',
    createdAt: '2024-10-07T08:12:31Z',
    share: 0.7,
  },
  {
    title: 'Onboarding',
    description: 'Five messages in the first two weeks after sign-up.',
    createdAt: '2024-10-21T13:40:05Z',
    share: 0.35,
  },
  {
    title: 'Black Friday 2025',
    description: 'Offers of the last week of November 2025.',
    createdAt: '2025-10-20T09:05:44Z',
    archivedAt: '2025-12-02T10:00:00Z',
    share: 0.3,
  },
  {
    title: 'Beta testers',
    description: 'People who try features before everybody else.',
    createdAt: '2026-01-15T15:22:10Z',
    share: 0.1,
  },
  { title: 'Lagos meetup', description: null, createdAt: '2026-06-03T11:30:00Z', share: 0.08 },
];

/** Generates the lists and their memberships. Nobody joins before a list is created or after it is archived. */
export function generateLists(random: Random, users: readonly UserRow[]) {
  const lists: ListRow[] = [];
  const memberships: ListMembershipRow[] = [];
  for (const template of listTemplates) {
    const createdAt = new Date(template.createdAt);
    const archivedAt = template.archivedAt === undefined ? null : new Date(template.archivedAt);
    const list = {
      id: random.id(createdAt),
      title: template.title,
      description: template.description,
      createdAt,
      archivedAt,
    };
    lists.push(list);
    for (const user of users) {
      const first = user.createdAt > createdAt ? user.createdAt : createdAt;
      const last = archivedAt ?? period.last;
      if (first >= last || !random.chance(template.share)) continue;
      const joinedAt = random.instant(first, last);
      memberships.push({ listId: list.id, userId: user.id, subscribed: !random.chance(0.12), joinedAt });
    }
  }
  return { lists, memberships };
}

interface SegmentMembershipRow {
  segmentId: string;
  userId: string;
  suppressed: boolean;
}

/** The data that segments are computed from. */
interface Population {
  users: readonly UserRow[];
  devices: readonly DeviceRow[];
  /** Number of events by user id. */
  eventCounts: ReadonlyMap<string, number>;
}

/** A demo segment. */
interface SegmentTemplate {
  name: string;
  createdAt: string;
  contains(user: UserRow, population: Population): boolean;
}

const segmentTemplates: readonly SegmentTemplate[] = [
  {
    name: 'Paying customers',
    createdAt: '2024-10-08T09:00:00Z',
    contains: (user) => user.meta.plan !== 'free',
  },
  {
    name: 'iPhone users',
    createdAt: '2024-12-02T16:45:20Z',
    contains: (user, { devices }) => devices.some(({ userId, platform }) => userId === user.id && platform === 'ios'),
  },
  {
    name: 'Power users',
    createdAt: '2025-03-11T10:20:00Z',
    contains: (user, { eventCounts }) => (eventCounts.get(user.id) ?? 0) >= 25,
  },
  {
    name: 'Signed up in the last 90 days',
    createdAt: '2025-09-01T08:00:00Z',
    contains: (user) => user.createdAt >= daysAfter(period.last, -90),
  },
  {
    name: 'Large teams',
    createdAt: '2026-02-19T14:10:00Z',
    contains: (user) => Number(user.meta.seats ?? 0) >= 40,
  },
];

/** Generates the segments and their memberships. */
export function generateSegments(random: Random, population: Population) {
  const segments: (Pick<Segment, 'id' | 'name'> & { createdAt: Date })[] = [];
  const memberships: SegmentMembershipRow[] = [];
  for (const { name, contains, ...template } of segmentTemplates) {
    const createdAt = new Date(template.createdAt);
    const segmentId = random.id(createdAt);
    segments.push({ id: segmentId, name, createdAt });
    for (const user of population.users) {
      if (!contains(user, population)) continue;
      memberships.push({ segmentId, userId: user.id, suppressed: random.chance(0.08) });
    }
  }
  return { segments, memberships };
}
