import { Prisma } from '../../db/generated/client.ts';
import type { Attributes, AttributeValue } from '../attributes.ts';
import type { Instant } from '../instant.ts';

/** Something that a user did. */
export interface Event {
  /** UUIDv7: in the order in which events came in. */
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
export const eventColumns = Prisma.sql`
  events.id, events.user_id AS "userId", events.name, events.value, events.properties, events.timestamp`;
