import { columnsOf } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Attributes, AttributeValue } from '../attributes.ts';
import type { Instant } from '../instant.ts';

/** Something that a user did. */
export interface Event {
  /** UUIDv7 of the instant at which the row was inserted; rows become visible in about that order (docs/following.md). */
  id: string;
  userId: string;
  name: string;
  /** Null where the event has none. */
  value: AttributeValue | null;
  properties: Attributes;
  /** When it happened. */
  timestamp: Instant;
}

/** The columns of an `Event`. */
export const eventColumns = columnsOf<Event>(
  {
    id: Prisma.sql`events.id`,
    userId: Prisma.sql`events.user_id`,
    name: Prisma.sql`events.name`,
    value: Prisma.sql`events.value`,
    properties: Prisma.sql`events.properties`,
    timestamp: { instant: Prisma.sql`events.timestamp` },
  },
  ['id'],
);
