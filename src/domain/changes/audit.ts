import { columnsOf } from '../../db/reading/columns.ts';
import { type AuditAction, Prisma } from '../../db/generated/client.ts';
import type { Instant } from '../shared/instant.ts';
import type { ReadDb } from '../../db/client.ts';
import { type KeysetSource, type Page, readPages, type PageOfRows } from '../../db/reading/keyset.ts';

/** What is written down of writes. */
export type Action = AuditAction;

/** Who did what to whom, and when; without personal data. The ids may be of what is gone. */
export interface AuditEntry {
  /** UUIDv7: in order of time. */
  id: string;
  at: Instant;
  /** Who did it: the id of the key by which they were let in, or `token:` and the subject of their token. */
  keyId: string;
  action: Action;
  /** Whom it was about; null where it was about nobody. */
  userId: string | null;
  /** Null but for lists and memberships of them. */
  listId: string | null;
  /** Null but for events. */
  eventId: string | null;
}

/** The columns of an `AuditEntry`. */
export const auditColumns = columnsOf<AuditEntry>({
  id: Prisma.sql`audit_entries.id`,
  at: { instant: Prisma.sql`audit_entries.at` },
  keyId: Prisma.sql`audit_entries.key_id`,
  action: Prisma.sql`audit_entries.action`,
  userId: Prisma.sql`audit_entries.user_id`,
  listId: Prisma.sql`audit_entries.list_id`,
  eventId: Prisma.sql`audit_entries.event_id`,
});

/** Which entries: all conditions that are given hold. */
export interface AuditFilter {
  /** Whom it was about. */
  userId?: string | undefined;
  /** By whom: the id of a key, or `token:` and a subject. */
  keyId?: string | undefined;
  /** From then on. */
  since?: Date | undefined;
}

/** A page of the workspace's audit trail, newest first. */
export async function readAudit(
  db: ReadDb,
  workspaceId: string,
  filter: AuditFilter,
  page: Page,
): Promise<PageOfRows<AuditEntry>> {
  const slices = await readPages(db, auditSource(filter), [workspaceId], page);
  return slices.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}

/** The entries of a workspace, which is the parent. */
function auditSource({ userId, keyId, since }: AuditFilter): KeysetSource<AuditEntry> {
  const conditions = [
    Prisma.sql`audit_entries.workspace_id = parent.id`,
    ...(userId === undefined ? [] : [Prisma.sql`audit_entries.user_id = ${userId}::uuid`]),
    ...(keyId === undefined ? [] : [Prisma.sql`audit_entries.key_id = ${keyId}`]),
    ...(since === undefined
      ? []
      : [Prisma.sql`audit_entries.id >= ${firstIdOf(since)}::uuid AND audit_entries.at >= ${since}::timestamptz`]),
  ];
  return {
    columns: auditColumns,
    table: Prisma.sql`audit_entries`,
    where: Prisma.join(conditions, ' AND '),
    key: Prisma.sql`audit_entries.id`,
  };
}

/** The least UUIDv7 of a millisecond: what is older need not be read to be left out. */
function firstIdOf(instant: Date): string {
  const hex = Math.max(instant.getTime(), 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
