import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Action, type Change, changeColumns, parseChangeId } from './change.ts';

/**
 * Actions that usergraph records when it computes segments. They belong to the log of changes, not to the audit trail.
 */
export const COMPUTED_ACTIONS = ['enterSegment', 'exitSegment', 'computeSegment'] as const satisfies readonly Action[];

/** SQL condition for changes made by usergraph itself. */
export const isComputed = Prisma.sql`changes.action = ANY(${[...COMPUTED_ACTIONS]}::audit_action[])`;

/** SQL condition for changes made by a caller or an operator. */
export const isWrittenByCaller = Prisma.sql`changes.action <> ALL(${[...COMPUTED_ACTIONS]}::audit_action[])`;

/** Selects entries that meet all present conditions. */
export interface AuditFilter {
  /** The affected user. */
  userId?: string | undefined;
  /** The actor: the id of a key, `token:` and a subject, `cli`, or `segments`. */
  keyId?: string | undefined;
  /** The earliest time, inclusive. */
  since?: Date | undefined;
  /** Also returns changes made by usergraph itself (`COMPUTED_ACTIONS`). */
  withComputed?: boolean | undefined;
}

/** Which of the entries to read. */
export interface AuditPage {
  /** Maximum number of entries. */
  size: number;
  /** Reads only entries older than the entry with this id. */
  before?: string | undefined;
}

/** Entries, newest first. */
export interface AuditEntries {
  rows: Change[];
  hasMore: boolean;
}

/** Maximum number of rows read by one statement. */
const STEP_SIZE = 1_000;

/**
 * Upper bound in ms for how far `at` can deviate from the order of positions. `at` is the gateway's clock when it sends
 * the statement; the position is assigned later, after lock waits of at most the request's deadline, and clocks differ.
 */
const MAX_DISORDER_MS = 3_600_000;

/**
 * Reads entries of the workspace's audit trail, newest first: by the transaction and `seq`, or by `seq` alone if only
 * those of a user or a key are read, which have indexes. With `since`, it stops at an entry that is older by more than
 * an hour.
 */
export async function readAudit(
  db: ReadDb,
  workspaceId: string,
  filter: AuditFilter,
  { size, before }: AuditPage,
): Promise<AuditEntries> {
  const since = filter.since?.toISOString() ?? '';
  const end = filter.since ? new Date(filter.since.getTime() - MAX_DISORDER_MS).toISOString() : '';
  const found: Change[] = [];
  let position = before;
  for (;;) {
    const limit = filter.since ? STEP_SIZE : size + 1;
    const rows = await readStep(db, workspaceId, filter, { size: limit, before: position });
    found.push(...rows.filter(({ at }) => at >= since));
    const last = rows.at(-1);
    if (found.length > size || rows.length < limit || !last || last.at < end) break;
    position = last.id;
  }
  return { rows: found.slice(0, size), hasMore: found.length > size };
}

function readStep(
  db: ReadDb,
  workspaceId: string,
  { userId, keyId, withComputed }: AuditFilter,
  { size, before }: AuditPage,
): Promise<Change[]> {
  const isIndexedBySeq = userId !== undefined || keyId !== undefined;
  const bound = before === undefined ? undefined : parseChangeId(before);
  const older = (xid: string, seq: string) =>
    isIndexedBySeq
      ? Prisma.sql`changes.seq < ${seq}::bigint`
      : Prisma.sql`(changes.xid, changes.seq) < (${xid}::bigint, ${seq}::bigint)`;
  const conditions = [
    Prisma.sql`changes.workspace_id = ${workspaceId}::uuid`,
    ...(userId === undefined ? [] : [Prisma.sql`changes.user_id = ${userId}::uuid`]),
    ...(keyId === undefined ? [] : [Prisma.sql`changes.key_id = ${keyId}`]),
    ...(withComputed ? [] : [isWrittenByCaller]),
    ...(bound ? [older(bound.xid, bound.seq)] : []),
  ];
  const order = isIndexedBySeq ? Prisma.sql`changes.seq DESC` : Prisma.sql`changes.xid DESC, changes.seq DESC`;
  return db.query<Change[]>`/* readAudit */
    SELECT ${changeColumns.list} FROM changes WHERE ${Prisma.join(conditions, ' AND ')}
    ORDER BY ${order} LIMIT ${size}`;
}
