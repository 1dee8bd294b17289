import { expectTypeOf, it } from 'vitest';
import type { Change } from '../../../src/domain/changes/change.ts';
import type { Device, readDevices } from '../../../src/domain/devices/device.ts';
import type { Event } from '../../../src/domain/events/event.ts';
import type { List, ListMember, ListMembership } from '../../../src/domain/lists/list.ts';
import type { readListMemberships } from '../../../src/domain/lists/memberships.ts';
import type { readSegmentMemberships } from '../../../src/domain/segments/memberships.ts';
import type { Segment, SegmentMembership } from '../../../src/domain/segments/segment.ts';
import type { User } from '../../../src/domain/users/user.ts';

// Concurrent requests share the rows that loaders return. The compiler checks this file (`tsc -p .`).

/** The type of a list that a function returns for each key. */
type ListOf<Read extends (...parameters: never[]) => Promise<Map<string, unknown>>> =
  Awaited<ReturnType<Read>> extends Map<string, infer List> ? List : never;

interface Rows {
  user: User;
  device: Device;
  event: Event;
  list: List;
  member: ListMember;
  membership: ListMembership;
  segment: Segment;
  segmentMembership: SegmentMembership;
  change: Change;
}

/** Never called: the compiler alone rejects each assignment. */
function assign(rows: Rows): void {
  // @ts-expect-error: read-only.
  rows.user.firstName = 'Ada';
  // @ts-expect-error: read-only.
  rows.user.meta.plan = 'pro';
  // @ts-expect-error: read-only.
  rows.device.token = 't1';
  // @ts-expect-error: read-only.
  rows.event.name = 'Paid';
  // @ts-expect-error: read-only.
  rows.list.title = 'News';
  // @ts-expect-error: read-only.
  rows.member.subscribed = true;
  // @ts-expect-error: read-only.
  rows.membership.list = rows.list;
  // @ts-expect-error: read-only.
  rows.segment.name = 'Active';
  // @ts-expect-error: read-only.
  rows.segmentMembership.suppressed = true;
  // @ts-expect-error: read-only.
  rows.change.keyId = 'key';
}

it('makes the properties of shared rows read-only', () => expectTypeOf(assign).parameter(0).toEqualTypeOf<Rows>());

it('makes the lists of shared rows read-only', () => {
  expectTypeOf<ListOf<typeof readDevices>>().toEqualTypeOf<readonly Device[]>();
  expectTypeOf<ListOf<typeof readListMemberships>>().toEqualTypeOf<readonly ListMembership[]>();
  expectTypeOf<ListOf<typeof readSegmentMemberships>>().toEqualTypeOf<readonly SegmentMembership[]>();
});
