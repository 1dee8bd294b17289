import { byWorkspace } from '../../db/batching.ts';
import { type AuditAction, Prisma } from '../../db/generated/client.ts';
import { columnsOf } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import type { Instant } from '../shared/instant.ts';

/** A kind of recorded write. */
export type Action = AuditAction;

/** A recorded write, without personal data. The ids may belong to deleted rows. */
export interface Change {
  /** The id of the transaction and `seq`, as `<xid>-<seq>`. */
  readonly id: string;
  /**
   * A decimal number. It increases with each change of a user. It has gaps, and does not reflect the commit order of
   * changes of different users.
   */
  readonly seq: string;
  readonly at: Instant;
  /**
   * The actor: the id of an API key, `token:` and the subject of a token, `cli`, or `segments` for the computation of
   * segments.
   */
  readonly keyId: string;
  readonly action: Action;
  /** The affected user; null if there is none. */
  readonly userId: string | null;
  /** The affected list; null except for writes to lists and memberships. */
  readonly listId: string | null;
  /** The added event; null except for events. */
  readonly eventId: string | null;
  /** The affected segment; null except for changes to segments and their members. */
  readonly segmentId: string | null;
  /** The changed API key; null except for changes to keys. */
  readonly apiKeyId: string | null;
  /**
   * What was written (`changed.ts`). Null if it follows from the action, or if it is unknown: anything may have
   * changed. For a user who entered or exited a segment, the cause: which of the segment's dependencies changed,
   * `time`, or the action (`createUser`), if it affects all conditions. For `computeSegment`, how many users entered and
   * exited (`entered:16`).
   */
  readonly changed: readonly string[] | null;
}

/** The columns of a `Change`. */
export const changeColumns = columnsOf<Change>(
  {
    id: Prisma.sql`changes.xid || '-' || changes.seq`,
    seq: Prisma.sql`changes.seq::text`,
    at: { instant: Prisma.sql`changes.at` },
    keyId: Prisma.sql`changes.key_id`,
    action: Prisma.sql`changes.action`,
    userId: Prisma.sql`changes.user_id`,
    listId: Prisma.sql`changes.list_id`,
    eventId: Prisma.sql`changes.event_id`,
    segmentId: Prisma.sql`changes.segment_id`,
    apiKeyId: Prisma.sql`changes.api_key_id`,
    changed: Prisma.sql`changes.changed`,
  },
  ['id'],
);

/** Parses the id of a change; undefined if it is malformed. */
export function parseChangeId(id: string): { xid: string; seq: string } | undefined {
  const [, xid, seq] = /^(\d{1,19})-(\d{1,19})$/.exec(id) ?? [];
  if (xid === undefined || seq === undefined) return undefined;
  return BigInt(xid) <= MAX_BIGINT && BigInt(seq) <= MAX_BIGINT ? { xid, seq } : undefined;
}

const MAX_BIGINT = 2n ** 63n - 1n;

/** The changes of a user, newest first; the parent is the user, who may have been deleted. */
export const userChangesSource = byWorkspace(
  (workspaceId): KeysetSource<Change> => ({
    columns: changeColumns,
    table: Prisma.sql`changes`,
    where: Prisma.sql`changes.workspace_id = ${workspaceId}::uuid AND changes.user_id = parent.id`,
    key: Prisma.sql`changes.seq`,
    keyOf: (id) => Prisma.sql`${seqOf(id)}::bigint`,
  }),
);

/** The `seq` of a cursor of a connection, whose id contains `xid` and `seq` in the form of a UUID. */
function seqOf(id: string): string {
  const seq = BigInt(`0x${id.replaceAll('-', '').slice(16)}`);
  // A forged cursor can exceed the range of a bigint.
  return String(seq > MAX_BIGINT ? MAX_BIGINT : seq);
}
