import { crc32 } from 'node:zlib';
import type { Page } from '../../db/reading/keyset.ts';
import { ValidationError, type ValidationIssue } from './errors.ts';

/** The arguments of a connection, as in the Relay specification. */
export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** Rows on a page when the caller does not specify a size. Contract, "Page size". */
export const DEFAULT_PAGE_SIZE = 10;

/** Maximum size of a page of all users. Contract, "Page size". */
export const MAX_USERS_PAGE_SIZE = 30;

/** Maximum size of a page of any other connection. Contract, "Page size". */
export const MAX_PAGE_SIZE = 100;

const issue = (path: string, code: string, message: string): ValidationIssue => ({ path: [path], code, message });

/** A connection whose cursors are parsed. */
interface CursorOwner {
  /** The scope of the connection's cursors. */
  scope(): number;
}

/**
 * Converts the arguments of a connection to the page that they select. `before` alone selects the page right before it.
 * @param owner its scope is read only if there is a cursor. @param maximum page size.
 * @throws {ValidationError} with every issue at once; sizes are never clamped.
 */
export function parsePageArguments(
  { first, after, last, before }: PageArguments,
  owner: CursorOwner,
  maximum: number,
): Page {
  const issues: ValidationIssue[] = [];
  if (first != null && last != null) issues.push(issue('last', 'CONTRADICTION', 'must not be combined with first'));
  if (after != null && before != null) issues.push(issue('before', 'CONTRADICTION', 'must not be combined with after'));
  checkSize('first', first, maximum, issues);
  checkSize('last', last, maximum, issues);
  const olderThan = parseCursor('after', after, owner, issues);
  const newerThan = parseCursor('before', before, owner, issues);
  if (issues.length > 0) throw new ValidationError(issues);
  const isBackward = last != null || (first == null && before != null);
  return {
    size: first ?? last ?? DEFAULT_PAGE_SIZE,
    from: isBackward ? 'oldest' : 'newest',
    bound: boundOf(olderThan, newerThan),
  };
}

function checkSize(name: string, size: number | null | undefined, maximum: number, issues: ValidationIssue[]): void {
  if (size == null || (size >= 1 && size <= maximum)) return;
  issues.push(issue(name, 'OUT_OF_RANGE', `must be between 1 and ${maximum}; got ${size}`));
}

function parseCursor(
  name: string,
  cursor: string | null | undefined,
  owner: CursorOwner,
  issues: ValidationIssue[],
): string | undefined {
  if (cursor == null) return undefined;
  const key = decodeCursor(owner.scope(), cursor);
  if (key === undefined) issues.push(issue(name, 'INVALID_CURSOR', 'must be a cursor of this connection'));
  return key;
}

function boundOf(olderThan: string | undefined, newerThan: string | undefined): Page['bound'] {
  if (olderThan !== undefined) return { side: 'older', key: olderThan };
  return newerThan === undefined ? undefined : { side: 'newer', key: newerThan };
}

const KEY_BYTES = 16;
const CHECKSUM_BYTES = 4;

/**
 * The connection to which cursors belong, as a checksum of its name, the workspace and the parent: a cursor of one connection
 * is rejected by every other one.
 */
export function cursorScope(connection: string, ...ids: string[]): number {
  return crc32([connection, ...ids].join('\n'));
}

/** Encodes the sort key of a row: the 16 bytes of the UUID and their checksum within the scope, in base64url. */
export function encodeCursor(scope: number, key: string): string {
  const bytes = Buffer.allocUnsafe(KEY_BYTES + CHECKSUM_BYTES);
  bytes.write(key.replaceAll('-', ''), 'hex');
  bytes.writeUInt32BE(crc32(bytes.subarray(0, KEY_BYTES), scope), KEY_BYTES);
  return bytes.toString('base64url');
}

/** Decodes a cursor to the sort key of a row; undefined if it is malformed, forged or of another connection. */
export function decodeCursor(scope: number, cursor: string): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== KEY_BYTES + CHECKSUM_BYTES) return undefined;
  const hex = bytes.toString('hex', 0, KEY_BYTES);
  const key = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return encodeCursor(scope, key) === cursor ? key : undefined;
}
