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

/** Maximum number of entries that one statement reads. */
const MAX_BLOCK_SIZE = 10_000;

/** How much larger than a block the next one is, if the page is not full. */
const BLOCK_GROWTH = 8;

/**
 * Upper bound in ms for how far `at` can deviate from the order of positions. `at` is the gateway's clock when it sends
 * the statement; the position is assigned later, after lock waits of at most the request's deadline, and clocks differ.
 */
const MAX_DISORDER_MS = 3_600_000;

/**
 * Reads entries of the workspace's audit trail, newest first: by the transaction and `seq`, or by `seq` alone if only
 * those of a user are read, which have an index. The entries of an actor have none, because the actor of most writes is
 * one of few keys: the whole trail is read, in blocks of bounded size, until the page is full. With `since`, it stops at
 * an entry that is older by more than an hour.
 */
export async function readAudit(
  db: ReadDb,
  workspaceId: string,
  filter: AuditFilter,
  { size, before }: AuditPage,
): Promise<AuditEntries> {
  const end = filter.since ? new Date(filter.since.getTime() - MAX_DISORDER_MS).toISOString() : '';
  const found: Change[] = [];
  let position = before;
  let blockSize = size + 1;
  while (found.length <= size) {
    const page = { size: size + 1 - found.length, before: position };
    const block = await readBlock(db, workspaceId, filter, page, blockSize);
    const last = block.at(-1);
    if (!last) break;
    found.push(...block.filter(({ isMatch }) => isMatch).map(({ isMatch: _, ...change }) => change));
    if (last.at < end) break;
    position = last.id;
    blockSize = Math.min(blockSize * BLOCK_GROWTH, MAX_BLOCK_SIZE);
  }
  return { rows: found.slice(0, size), hasMore: found.length > size };
}

/** An entry of a block. */
interface BlockEntry extends Change {
  /** False for the last entry of a block that does not meet the conditions. */
  isMatch: boolean;
}

/**
 * Reads the entries of a block that meet the conditions, at most `size` of them. If there are fewer, the block's last
 * entry follows.
 */
function readBlock(
  db: ReadDb,
  workspaceId: string,
  { userId, keyId, since, withComputed }: AuditFilter,
  { size, before }: AuditPage,
  blockSize: number,
): Promise<BlockEntry[]> {
  const bound = before === undefined ? undefined : parseChangeId(before);
  const [position, order] =
    userId === undefined
      ? [Prisma.sql`(changes.xid, changes.seq)`, Prisma.sql`changes.xid DESC, changes.seq DESC`]
      : [Prisma.sql`changes.seq`, Prisma.sql`changes.seq DESC`];
  const boundOf = ({ xid, seq }: { xid: string; seq: string }) =>
    userId === undefined ? Prisma.sql`(${xid}::bigint, ${seq}::bigint)` : Prisma.sql`${seq}::bigint`;
  const inBlock = [
    Prisma.sql`changes.workspace_id = ${workspaceId}::uuid`,
    ...(userId === undefined ? [] : [Prisma.sql`changes.user_id = ${userId}::uuid`]),
    ...(bound ? [Prisma.sql`${position} < ${boundOf(bound)}`] : []),
  ];
  const matches = [
    Prisma.sql`true`,
    ...(keyId === undefined ? [] : [Prisma.sql`changes.key_id = ${keyId}`]),
    ...(since === undefined ? [] : [Prisma.sql`changes.at >= ${since}::timestamptz`]),
    ...(withComputed ? [] : [isWrittenByCaller]),
  ];
  return db.query<BlockEntry[]>`/* readAudit */
    WITH block AS MATERIALIZED (
      SELECT changes.*, (${Prisma.join(matches, ' AND ')}) AS is_match, row_number() OVER (ORDER BY ${order}) AS place
      FROM changes WHERE ${Prisma.join(inBlock, ' AND ')} ORDER BY ${order} LIMIT ${blockSize}
    )
    SELECT ${changeColumns.list}, changes.is_match AS "isMatch" FROM block AS changes
    WHERE changes.is_match OR changes.place = (SELECT count(*) FROM block)
    ORDER BY changes.place LIMIT ${size}`;
}
