import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type KeysetSource, type Page, readSlices, type Slice } from '../../db/keyset.ts';
import { type AuditEntry, auditColumns } from './audit-entry.ts';

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
  db: Db,
  workspaceId: string,
  filter: AuditFilter,
  page: Page,
): Promise<Slice<AuditEntry>> {
  const slices = await readSlices(db, auditSource(filter), [workspaceId], page);
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
