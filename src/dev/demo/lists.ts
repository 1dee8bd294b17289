import type { Random } from './random.ts';
import { period } from './random.ts';
import type { ListMembershipRow, ListRow, UserRow } from './rows.ts';

/** A list, and how many of the users that may join it do. */
interface Plan {
  title: string;
  description: string | null;
  createdAt: string;
  archivedAt?: string;
  share: number;
}

const plans: readonly Plan[] = [
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

/** Makes the lists, and who is on them: nobody joined before the list was there, or after it was archived. */
export function makeLists(random: Random, users: readonly UserRow[]) {
  const lists: ListRow[] = [];
  const memberships: ListMembershipRow[] = [];
  for (const plan of plans) {
    const createdAt = new Date(plan.createdAt);
    const archivedAt = plan.archivedAt === undefined ? null : new Date(plan.archivedAt);
    const list = { id: random.id(createdAt), title: plan.title, description: plan.description, createdAt, archivedAt };
    lists.push(list);
    for (const user of users) {
      const first = user.createdAt > createdAt ? user.createdAt : createdAt;
      const last = archivedAt ?? period.last;
      if (first >= last || !random.chance(plan.share)) continue;
      const joinedAt = random.instant(first, last);
      memberships.push({ listId: list.id, userId: user.id, subscribed: !random.chance(0.12), joinedAt });
    }
  }
  return { lists, memberships };
}
