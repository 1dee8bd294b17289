import { crc32 } from 'node:zlib';
import type { Page, Position } from '../../db/reading/keyset.ts';
import { ValidationError, type ValidationIssue } from './errors.ts';

export type { Page, PageOfRows } from '../../db/reading/keyset.ts';

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

/** An issue with an argument. */
export const issue = (path: string, code: string, message: string): ValidationIssue => ({
  path: [path],
  code,
  message,
});

/** A connection whose cursors are parsed. */
export interface CursorOwner {
  /** The scope of the connection's cursors. */
  scope(): number;
  /** Whether a position can be one of a row: a cursor is not signed, so that a client can have made it up. */
  accepts?(position: Position): boolean;
  /** Follows the name of an argument with an invalid cursor. */
  invalidCursor: string;
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
  const start = parseCursor('after', after, owner, issues);
  const end = parseCursor('before', before, owner, issues);
  if (issues.length > 0) throw new ValidationError(issues);
  const isBackward = last != null || (first == null && before != null);
  return {
    size: first ?? last ?? DEFAULT_PAGE_SIZE,
    from: isBackward ? 'end' : 'start',
    bound: boundOf(start, end),
  };
}

/** Adds an issue if a page size is out of range. */
export function checkSize(
  name: string,
  size: number | null | undefined,
  maximum: number,
  issues: ValidationIssue[],
): void {
  if (size == null || (size >= 1 && size <= maximum)) return;
  issues.push(issue(name, 'OUT_OF_RANGE', `must be between 1 and ${maximum}; got ${size}`));
}

function parseCursor(
  name: string,
  cursor: string | null | undefined,
  owner: CursorOwner,
  issues: ValidationIssue[],
): Position | undefined {
  if (cursor == null) return undefined;
  const position = decodeCursor(owner.scope(), cursor);
  if (position && (owner.accepts?.(position) ?? true)) return position;
  issues.push(issue(name, 'INVALID_CURSOR', owner.invalidCursor));
  return undefined;
}

function boundOf(start: Position | undefined, end: Position | undefined): Page['bound'] {
  if (start) return { side: 'after', ...start };
  return end && { side: 'before', ...end };
}

const ID_BYTES = 16;
const CHECKSUM_BYTES = 4;

/**
 * The connection to which cursors belong, as a checksum of its name, the workspace and the parent: a cursor of one connection
 * is rejected by every other one.
 */
export function cursorScope(connection: string, ...ids: string[]): number {
  return crc32([connection, ...ids].join('\n'));
}

/** The first byte of an encoded sort key. */
const NO_VALUE = 0;
const VALUE = 1;

/**
 * Encodes the position of a row, in base64url: the 16 bytes of its id, a checksum within the scope, and its sort key if it has one,
 * in UTF-8.
 */
export function encodeCursor(scope: number, { id, sortKey }: Position): string {
  const key = sortKey === undefined ? '' : String.fromCharCode(sortKey === null ? NO_VALUE : VALUE) + (sortKey ?? '');
  const bytes = Buffer.allocUnsafe(ID_BYTES + CHECKSUM_BYTES + Buffer.byteLength(key));
  bytes.write(hexOf(id), 'hex');
  bytes.write(key, ID_BYTES + CHECKSUM_BYTES);
  const ofId = crc32(bytes.subarray(0, ID_BYTES), scope);
  bytes.writeUInt32BE(key === '' ? ofId : crc32(bytes.subarray(ID_BYTES + CHECKSUM_BYTES), ofId), ID_BYTES);
  return bytes.toString('base64url');
}

/** The hexadecimal digits of a UUID, or of the two numbers of the id of a change. */
function hexOf(id: string): string {
  const parts = id.split('-');
  return parts.length === 2
    ? parts.map((part) => BigInt(part).toString(16).padStart(16, '0')).join('')
    : parts.join('');
}

/** Decodes a cursor, with its id as a UUID; undefined if it is malformed, forged or of another connection. */
export function decodeCursor(scope: number, cursor: string): Position | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length < ID_BYTES + CHECKSUM_BYTES) return undefined;
  const hex = bytes.toString('hex', 0, ID_BYTES);
  const position = {
    id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    sortKey: decodeSortKey(bytes.subarray(ID_BYTES + CHECKSUM_BYTES)),
  };
  return encodeCursor(scope, position) === cursor ? position : undefined;
}

function decodeSortKey(bytes: Buffer): string | null | undefined {
  if (bytes.length === 0) return undefined;
  return bytes[0] === NO_VALUE ? null : bytes.toString('utf8', 1);
}
