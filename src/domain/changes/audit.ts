import type { ReadDb } from '../../db/client.ts';
import { type AuditAction, Prisma } from '../../db/generated/client.ts';
import { columnsOf } from '../../db/reading/columns.ts';
import { type KeysetSource, type Page, type PageOfRows, readPages } from '../../db/reading/keyset.ts';
import type { Instant } from '../shared/instant.ts';

/** A kind of recorded write. */
export type Action = AuditAction;

/** A recorded write, without personal data. The ids may belong to deleted rows. */
export interface AuditEntry {
  /** UUIDv7: in order of time. */
  readonly id: string;
  readonly at: Instant;
  /** The actor: the id of an API key, `token:` and the subject of a token, or `cli`. */
  readonly keyId: string;
  readonly action: Action;
  /** The affected user; null if there is none. */
  readonly userId: string | null;
  /** The affected list; null except for writes to lists and memberships. */
  readonly listId: string | null;
  /** The added event; null except for events. */
  readonly eventId: string | null;
  /** The changed API key; null except for changes to keys. */
  readonly apiKeyId: string | null;
}

/** The columns of an `AuditEntry`. */
const auditColumns = columnsOf<AuditEntry>({
  id: Prisma.sql`audit_entries.id`,
  at: { instant: Prisma.sql`audit_entries.at` },
  keyId: Prisma.sql`audit_entries.key_id`,
  action: Prisma.sql`audit_entries.action`,
  userId: Prisma.sql`audit_entries.user_id`,
  listId: Prisma.sql`audit_entries.list_id`,
  eventId: Prisma.sql`audit_entries.event_id`,
  apiKeyId: Prisma.sql`audit_entries.api_key_id`,
});

/** Selects entries that meet all present conditions. */
export interface AuditFilter {
  /** The affected user. */
  userId?: string | undefined;
  /** The actor: the id of a key, `token:` and a subject, or `cli`. */
  keyId?: string | undefined;
  /** The earliest time, inclusive. */
  since?: Date | undefined;
}

/** Reads a page of the workspace's audit trail, newest first. */
export async function readAudit(
  db: ReadDb,
  workspaceId: string,
  filter: AuditFilter,
  page: Page,
): Promise<PageOfRows<AuditEntry>> {
  const pages = await readPages(db, auditSource(workspaceId, filter), [workspaceId], page);
  return pages.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}

/** The entries of a workspace, which is the parent. */
function auditSource(workspaceId: string, { userId, keyId, since }: AuditFilter): KeysetSource<AuditEntry> {
  const conditions = [
    Prisma.sql`audit_entries.workspace_id = ${workspaceId}::uuid`,
    ...(userId === undefined ? [] : [Prisma.sql`audit_entries.user_id = ${userId}::uuid`]),
    ...(keyId === undefined ? [] : [Prisma.sql`audit_entries.key_id = ${keyId}`]),
    ...(since === undefined
      ? []
      : [Prisma.sql`audit_entries.id >= ${firstIdAt(since)}::uuid AND audit_entries.at >= ${since}::timestamptz`]),
  ];
  return {
    columns: auditColumns,
    table: Prisma.sql`audit_entries`,
    where: Prisma.join(conditions, ' AND '),
    key: Prisma.sql`audit_entries.id`,
  };
}

/** The least UUIDv7 of a millisecond, from which an index scan can start. */
function firstIdAt(instant: Date): string {
  const hex = Math.max(instant.getTime(), 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
