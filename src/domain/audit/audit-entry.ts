import { type AuditAction, Prisma } from '../../db/generated/client.ts';
import type { Instant } from '../instant.ts';

/** What is written down of writes. */
export type Action = AuditAction;

/** Who did what to whom, and when; without personal data. The ids may be of what is gone. */
export interface AuditEntry {
  /** UUIDv7: in order of time. */
  id: string;
  at: Instant;
  /** Id of the key by which the caller was let in, or the subject of their token. */
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
export const auditColumns = Prisma.sql`
  audit_entries.id, audit_entries.at, audit_entries.key_id AS "keyId", audit_entries.action::text AS action,
  audit_entries.user_id AS "userId", audit_entries.list_id AS "listId", audit_entries.event_id AS "eventId"`;
