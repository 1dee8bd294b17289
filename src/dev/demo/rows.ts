import type { Device } from '../../domain/devices/device.ts';
import type { Event } from '../../domain/events/event.ts';
import type { List, Membership } from '../../domain/lists/list.ts';
import type { User } from '../../domain/users/user.ts';

/** A row before it is stored: its instants are dates, of which no text has been made yet. */
type Dated<Row, Instants extends keyof Row> = Omit<Row, Instants> & Record<Instants, Date>;

/** A user. */
export type UserRow = Dated<User, 'createdAt' | 'updatedAt'>;

/** A device, and whose it is. */
export type DeviceRow = Dated<Device, 'lastSeenAt'> & { userId: string };

/** An event. */
export type EventRow = Dated<Event, 'timestamp'>;

/** A list. */
export type ListRow = Dated<Omit<List, 'archivedAt'>, 'createdAt'> & { archivedAt: Date | null };

/** That a user is on a list. */
export type ListMembershipRow = Dated<Membership, 'joinedAt'> & { listId: string; userId: string };
