import { crc32 } from 'node:zlib';
import { cursorScope } from '../shared/pagination.ts';
import { isSnapshot, type Snapshot } from './snapshot.ts';

/** Where a client continues to read the log of changes. */
export interface FeedPosition {
  /** The database whose transaction ids the position consists of (`page.ts`). */
  database: string;
  /** What has been returned; null while changes without a transaction id are read, which precede all others. */
  after: Snapshot | null;
  /** The position after the piece of which a part has been returned; null unless there is one. */
  end: Snapshot | null;
  /** The `seq` of the last returned change of that piece, or of those without a transaction id. */
  seq: string;
  /** Whether changes were visible after that piece. */
  hasMore: boolean;
}

const CHECKSUM_BYTES = 4;
const SEPARATOR = ';';

/** Longer texts are not cursors of this program: a position lists at most as many transactions as a server has connections. */
const MAX_LENGTH = 200_000;

/** Encodes a position in base64url, with a checksum within the workspace. Cursors are not secret. */
export function encodeFeedCursor(workspaceId: string, { database, after, end, seq, hasMore }: FeedPosition): string {
  const text = [database, after ?? '', end ?? '', seq, hasMore ? '1' : '0'].join(SEPARATOR);
  const bytes = Buffer.alloc(CHECKSUM_BYTES);
  bytes.writeUInt32BE(crc32(text, cursorScope('Query.changes', workspaceId)));
  return Buffer.concat([bytes, Buffer.from(text, 'latin1')]).toString('base64url');
}

/** Decodes a cursor; undefined if it is malformed or of another workspace. Any snapshot of the result is a valid one. */
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
