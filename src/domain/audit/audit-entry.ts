import { columnsOf } from '../../db/columns.ts';
import { type AuditAction, Prisma } from '../../db/generated/client.ts';
import type { Instant } from '../instant.ts';

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
