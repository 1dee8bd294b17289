import type { WriteDb } from '../../db/client.ts';
import { CursorExpiredError, ValidationError, type ValidationIssue } from '../shared/errors.ts';
import { checkSize, DEFAULT_PAGE_SIZE, issue, MAX_PAGE_SIZE } from '../shared/pagination.ts';
import { type Change, changeColumns } from './change.ts';
import { decodeFeedCursor, encodeFeedCursor, type FeedPosition } from './cursor.ts';
import { changesAfter, changesBetween, currentSnapshot } from './feed.ts';
import { type Horizon, NO_TRANSACTION, readHorizonsSql, toHorizon } from './retention.ts';
import { lowerBound, partsOf, type Snapshot, upperBound } from './snapshot.ts';

/** A page of the log of changes. */
export interface ChangePage {
  readonly changes: readonly Change[];
  /** Continues after the page. */
  readonly cursor: string;
  readonly hasMore: boolean;
}

/** The arguments of a page. */
export interface ChangePageArguments {
  /** `DEFAULT_PAGE_SIZE` by default. */
  first?: number | null | undefined;
  /** The cursor of the previous page. By default, the page starts with the oldest change that is retained. */
  after?: string | null | undefined;
  /** Starts at the current position: returns an empty page and its cursor. */
  fromNow?: boolean | undefined;
}

/**
 * Reads a page of a workspace's log of changes for a client. Pages that each continue from the previous one return
 * every change exactly once, and the changes of a user in order (`changesAfter`). A piece of the log with more changes
 * than a page is divided by `seq`; the contents of a piece are immutable.
 * @throws {ValidationError} if the arguments are invalid.
 * @throws {CursorExpiredError} if the cursor belongs to another database, such as one before a restore, or if changes
 * after it have been deleted.
 */
export async function readChanges(
  db: WriteDb,
  workspaceId: string,
  { first, after, fromNow = false }: ChangePageArguments,
): Promise<ChangePage> {
  const issues: ValidationIssue[] = [];
  checkSize('first', first, MAX_PAGE_SIZE, issues);
  const decoded = after == null ? undefined : decodeFeedCursor(workspaceId, after);
  if (after != null && !decoded) issues.push(issue('after', 'INVALID_CURSOR', 'must be a cursor of this field'));
  if (after != null && fromNow) issues.push(issue('from', 'CONTRADICTION', 'must not be NOW with after'));
  if (issues.length > 0) throw new ValidationError(issues);
  const state = await readState(db, workspaceId);
  if (fromNow) {
    const position = {
      database: state.database,
      after: await currentSnapshot(db, workspaceId),
      end: null,
      seq: '0',
      hasMore: false,
    };
    return { changes: [], cursor: encodeFeedCursor(workspaceId, position), hasMore: false };
  }
  const position = decoded ?? startOf(state);
  checkPosition(position, state);
  const page = await readPage(db, workspaceId, position, first ?? DEFAULT_PAGE_SIZE);
  // Retention may have deleted changes of the page between the statements.
  checkPosition(position, await readState(db, workspaceId));
  return { ...page, cursor: encodeFeedCursor(workspaceId, page.position) };
}

/** The state that decides whether a position is valid. */
interface State {
  /** Identifies the database and its history of transactions. */
  database: string;
  /** The next transaction id to be assigned. */
  nextXid: string;
  /** The last change that retention may have deleted; undefined if there is none. */
  horizon: Horizon | undefined;
}

/**
 * Reads the state. The database is identified by the cluster, its timeline, which changes when a standby is promoted or
 * the cluster is recovered to an earlier time, and the id of the table, which changes when it is restored from a dump.
 */
async function readState(db: WriteDb, workspaceId: string): Promise<State> {
  const [state] = await db.query<(Omit<State, 'horizon'> & { horizons: string[] })[]>`/* readFeedState */
    SELECT hashtextextended(concat_ws(' ',
        (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8),
        'public.changes'::regclass::oid
      ), 0)::text AS database,
      pg_snapshot_xmax(pg_current_snapshot())::text AS "nextXid", ${readHorizonsSql(workspaceId)} AS horizons`;
  if (!state) throw new Error('A statement without FROM returned no row.');
  return { ...state, horizon: toHorizon(state.horizons) };
}

/** The position before the oldest change that is retained. */
function startOf({ database, horizon }: State): FeedPosition {
  const start = { database, end: null, hasMore: true };
  if (!horizon) return { ...start, after: null, seq: '0' };
  if (horizon.xid === NO_TRANSACTION) return { ...start, after: null, seq: horizon.seq };
  const next = String(BigInt(horizon.xid) + 1n);
  return { ...start, after: `${next}:${next}:`, seq: '0' };
}

function checkPosition({ database, after, seq }: FeedPosition, state: State): void {
  if (database !== state.database) throw new CursorExpiredError('the database has been restored or replaced since');
  const { position, target } = partsOf(after ?? FIRST_SNAPSHOT);
  const isFuture = [position, target ?? position].some(
    (snapshot) => BigInt(upperBound(snapshot)) > BigInt(state.nextXid),
  );
  if (isFuture) throw new CursorExpiredError('the database has been restored since');
  if (state.horizon && isBefore(after, seq, state.horizon))
    throw new CursorExpiredError('changes after it have exceeded the retention period and have been deleted');
}

/** Whether a position precedes a change that retention may have deleted. */
function isBefore(after: Snapshot | null, seq: string, horizon: Horizon): boolean {
  if (horizon.xid === NO_TRANSACTION) return after === null && BigInt(seq) < BigInt(horizon.seq);
  return after === null || BigInt(lowerBound(after)) <= BigInt(horizon.xid);
}

/** The position before all changes with a transaction id. */
const FIRST_SNAPSHOT: Snapshot = '1:1:';

interface PageRows {
  changes: readonly Change[];
  position: FeedPosition;
  hasMore: boolean;
}

async function readPage(db: WriteDb, workspaceId: string, from: FeedPosition, size: number): Promise<PageRows> {
  if (from.after === null) return readWithoutTransaction(db, workspaceId, from, size);
  if (from.end !== null) {
    const rest = await changesBetween(db, workspaceId, {
      from: from.after,
      to: from.end,
      seq: from.seq,
      limit: size + 1,
    });
    return divide(rest, { ...from, after: from.after }, { snapshot: from.end, hasMore: from.hasMore }, size);
  }
  const { changes, snapshot, hasMore } = await changesAfter(db, workspaceId, from.after, size);
  return divide(changes, { ...from, after: from.after }, { snapshot, hasMore }, size);
}

/** Returns the first changes of a piece, or of the rest of a piece. @param end the position after the piece. */
function divide(
  changes: readonly Change[],
  from: FeedPosition,
  end: { snapshot: Snapshot; hasMore: boolean },
  size: number,
): PageRows {
  const page = changes.slice(0, size);
  const last = page.at(-1);
  const position =
    last && changes.length > size
      ? { ...from, end: end.snapshot, seq: last.seq, hasMore: end.hasMore }
      : { ...from, after: end.snapshot, end: null, seq: '0', hasMore: false };
  return { changes: page, position, hasMore: changes.length > size || end.hasMore };
}

/** Reads changes from before the log had transaction ids, or before the database was restored. */
async function readWithoutTransaction(
  db: WriteDb,
  workspaceId: string,
  from: FeedPosition,
  size: number,
): Promise<PageRows> {
  const changes = await db.query<Change[]>`/* readChangesWithoutTransaction */
    SELECT ${changeColumns.list} FROM changes
    WHERE changes.workspace_id = ${workspaceId}::uuid AND changes.xid = 0 AND changes.seq > ${from.seq}::bigint
    ORDER BY changes.seq LIMIT ${size + 1}`;
  const last = changes[size - 1];
  if (last && changes.length > size) {
    return { changes: changes.slice(0, size), position: { ...from, seq: last.seq }, hasMore: true };
  }
  const start = { ...from, after: FIRST_SNAPSHOT, seq: '0' };
  if (changes.length === size) {
    const { changes: others, hasMore } = await readPage(db, workspaceId, start, 1);
    return { changes, position: start, hasMore: others.length > 0 || hasMore };
  }
  const next = await readPage(db, workspaceId, start, size - changes.length);
  return { ...next, changes: [...changes, ...next.changes] };
}
