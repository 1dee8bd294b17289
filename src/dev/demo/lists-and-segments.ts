import type { Segment } from '../../domain/segments/segment.ts';
import type { StoredFilter } from '../../domain/segments/stored-filter.ts';
import { period, type Random } from './random.ts';
import type { ListMembershipRow, ListRow, UserRow } from './rows.ts';

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

/** A demo segment. Its filter refers to lists by their titles, and to segments by their names. */
interface SegmentTemplate {
  name: string;
  description: string | null;
  createdAt: string;
  /** Returns the stored filter. @param idOf the id of the list or segment with a title or name. */
  filter(idOf: (title: string) => string): StoredFilter;
  /** Probability that a user is suppressed, as a member. */
  suppressed?: number;
}

const segmentTemplates: readonly SegmentTemplate[] = [
  {
    name: 'Paying customers',
    description: 'Everybody on a plan that costs something.',
    createdAt: '2024-10-08T09:00:00Z',
    filter: () => ({ meta: [{ key: 'plan', string: { in: ['starter', 'pro', 'business'] } }] }),
    suppressed: 0.08,
  },
  {
    name: 'iPhone users',
    description: null,
    createdAt: '2024-12-02T16:45:20Z',
    filter: () => ({ devices: { some: { platform: 'ios' } } }),
    suppressed: 0.05,
  },
  {
    name: 'Repeat buyers',
    description: 'At least two orders in the last 180 days. Members leave when an order leaves the window.',
    createdAt: '2025-03-11T10:20:00Z',
    filter: () => ({ events: [{ count: { gte: 2 }, name: { eq: 'Paid' }, within: 'P180D' }] }),
  },
  {
    name: 'New this year',
    description: 'Signed up in the last 365 days.',
    createdAt: '2025-09-01T08:00:00Z',
    filter: () => ({ createdAt: { within: 'P365D' } }),
  },
  {
    name: 'Digest readers with the app',
    description: 'Subscribed to the weekly digest, have a device, and are not on the free plan.',
    createdAt: '2026-02-19T14:10:00Z',
    filter: (idOf) => ({
      devices: { some: {} },
      lists: { some: { listIds: [idOf('Weekly digest')], subscribed: true } },
      not: { meta: [{ key: 'plan', string: { eq: 'free' } }] },
    }),
  },
  {
    name: 'Customers to win back',
    description: 'Pay, but are not repeat buyers.',
    createdAt: '2026-05-04T07:30:00Z',
    filter: (idOf) => ({
      segments: { none: { segmentIds: [idOf('Repeat buyers')] }, some: { segmentIds: [idOf('Paying customers')] } },
    }),
  },
];

/** Generates the segments with their filters, whose members the gateway computes, and the suppressed users. */
export function generateSegments(random: Random, users: readonly UserRow[], lists: readonly ListRow[]) {
  const ids = new Map(lists.map(({ title, id }) => [title, id]));
  const idOf = (title: string) => {
    const id = ids.get(title);
    if (id === undefined) throw new Error(`There is no list or segment before this one with the name ${title}.`);
    return id;
  };
  const segments: (Pick<Segment, 'id' | 'name' | 'description'> & { definitionId: string; createdAt: Date })[] = [];
  const definitions: { id: string; segmentId: string; filter: StoredFilter; createdAt: Date }[] = [];
  const suppressions: { segmentId: string; userId: string }[] = [];
  for (const { name, description, filter, suppressed = 0, ...template } of segmentTemplates) {
    const createdAt = new Date(template.createdAt);
    const segmentId = random.id(createdAt);
    ids.set(name, segmentId);
    segments.push({ id: segmentId, definitionId: segmentId, name, description, createdAt });
    definitions.push({ id: random.id(createdAt), segmentId, filter: filter(idOf), createdAt });
    for (const { id: userId } of users) if (random.chance(suppressed)) suppressions.push({ segmentId, userId });
  }
  return { segments, definitions, suppressions };
}
