import type { Change } from '../../domain/changes/change.ts';
import type { Device } from '../../domain/devices/device.ts';
import type { Event } from '../../domain/events/event.ts';
import type { List } from '../../domain/lists/list.ts';
import type { Segment } from '../../domain/segments/segment.ts';
import type { User } from '../../domain/users/user.ts';

declare const wholeRow: unique symbol;

/** A row that was read for an operation, with all or some of its columns. */
export interface PartOf<Row> {
  readonly [wholeRow]?: Row;
}

/**
 * A row of which a statement may have read only the columns that the operation's fields declare. Its other columns cannot
 * be read: a field exposes one with `columns(t)`, or names those that its resolver reads in `fromColumns`
 * (`schema/columns-plugin.ts`). Requests that share a batch share its rows, so they are read-only.
 */
export type PartialRow<Row, Always extends keyof Row> = Readonly<Pick<Row, Always>> & PartOf<Row>;

/** The row that a `PartialRow` is a part of. */
export type WholeRow<Part extends PartOf<unknown>> = NonNullable<Part[typeof wholeRow]>;

export type UserRow = PartialRow<User, 'id' | 'uid'>;
export type EventRow = PartialRow<Event, 'id'>;
export type ListRow = PartialRow<List, 'id'>;
export type SegmentRow = PartialRow<Segment, 'id'>;
export type ChangeRow = PartialRow<Change, 'id'>;
export type DeviceRow = PartialRow<Device, never>;
