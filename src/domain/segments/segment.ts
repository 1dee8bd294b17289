import { columnsOf } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';

/** A group of users computed from their attributes and events. */
export interface Segment {
  /** UUIDv7: in order of creation. */
  id: string;
  name: string;
}

/** A segment, and how a user is in it. */
export interface SegmentMembership {
  segment: Segment;
  /** True for a member who gets no broadcasts sent to the segment. */
  suppressed: boolean;
}

/** The columns of a `Segment`. */
export const segmentColumns = columnsOf<Segment>(
  {
    id: Prisma.sql`segments.id`,
    name: Prisma.sql`segments.name`,
  },
  ['id'],
);
