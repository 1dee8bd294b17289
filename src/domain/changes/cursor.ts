import { crc32 } from 'node:zlib';
import { cursorScope } from '../shared/pagination.ts';
import { isSnapshot, type Snapshot } from './snapshot.ts';

/** A client's position in the log of changes. */
export interface FeedPosition {
  /** Identifies the database that the transaction ids belong to (`page.ts`). */
  database: string;
  /** The snapshot of what has been returned; null while changes without a transaction id are read, which come first. */
  after: Snapshot | null;
  /** The snapshot at the end of a partially returned piece; null if there is none. */
  end: Snapshot | null;
  /** The `seq` of the last returned change of that piece, or of the changes without a transaction id. */
  seq: string;
  /** Whether more changes were visible after that piece. */
  hasMore: boolean;
}

const CHECKSUM_BYTES = 4;
const SEPARATOR = ';';

/** Maximum length of a cursor. A snapshot lists at most one transaction per database connection. */
const MAX_LENGTH = 200_000;

/** Encodes a position in base64url, with a checksum within the workspace. Cursors are not secret. */
export function encodeFeedCursor(workspaceId: string, { database, after, end, seq, hasMore }: FeedPosition): string {
  const text = [database, after ?? '', end ?? '', seq, hasMore ? '1' : '0'].join(SEPARATOR);
  const bytes = Buffer.alloc(CHECKSUM_BYTES);
  bytes.writeUInt32BE(crc32(text, cursorScope('Query.changes', workspaceId)));
  return Buffer.concat([bytes, Buffer.from(text, 'latin1')]).toString('base64url');
}

/**
 * Decodes a cursor; undefined if it is malformed or belongs to another workspace. The snapshots of the result are
 * valid.
 */
export function decodeFeedCursor(workspaceId: string, cursor: string): FeedPosition | undefined {
  if (cursor.length > MAX_LENGTH) return undefined;
  const text = Buffer.from(cursor, 'base64url').subarray(CHECKSUM_BYTES).toString('latin1');
  const [database = '', after = '', end = '', seq = '', hasMore] = text.split(SEPARATOR);
  const position = { database, after: after || null, end: end || null, seq, hasMore: hasMore === '1' };
  const isValid =
    /^-?\d{1,19}$/.test(database) &&
    /^\d{1,18}$/.test(seq) &&
    [after, end].every((snapshot) => snapshot === '' || isSnapshot(snapshot)) &&
    !(after === '' && end !== '');
  return isValid && encodeFeedCursor(workspaceId, position) === cursor ? position : undefined;
}
