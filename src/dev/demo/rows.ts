import type { Device } from '../../domain/devices/device.ts';
import type { Event } from '../../domain/events/event.ts';
import type { List, Membership } from '../../domain/lists/list.ts';
import type { User } from '../../domain/users/user.ts';

/** A row as Prisma inserts it: instants are `Date`s instead of RFC 3339 strings. */
type Dated<Row, Instants extends keyof Row> = Omit<Row, Instants> & Record<Instants, Date>;

export type UserRow = Dated<Omit<User, 'appLastActiveAt'>, 'createdAt' | 'updatedAt'> & {
  appLastActiveAt: Date | null;
};

export type DeviceRow = Dated<Device, 'lastSeenAt'> & { userId: string };

export type EventRow = Dated<Event, 'timestamp'>;

export type ListRow = Dated<Omit<List, 'archivedAt'>, 'createdAt'> & { archivedAt: Date | null };

export type ListMembershipRow = Dated<Membership, 'joinedAt'> & { listId: string; userId: string };
