import type { Page } from '../../db/reading/keyset.ts';
import { ValidationError, type ValidationIssue } from './errors.ts';
import { crc32 } from 'node:zlib';

/** How a page is asked for, in Relay's words. */
export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** Rows on a page where no size is given. The seed and the contract, "page size". */
export const DEFAULT_PAGE_SIZE = 10;

/** Most users on a page of all users. The seed and the contract, "page size". */
export const MAX_USERS_PAGE_SIZE = 30;

/** Most rows on a page of anything else. Contract, "page size". */
export const MAX_PAGE_SIZE = 100;

const issue = (path: string, code: string, message: string): ValidationIssue => ({ path: [path], code, message });

/**
 * Turns arguments into the page they ask for. `before` alone asks for the page right before it.
 * @param space of the connection's cursors, computed where there is one. @param maximum page size.
 * @throws {ValidationError} with every fault: nothing is clamped.
 */
export function parsePageArguments(
  { first, after, last, before }: PageArguments,
  space: () => number,
  maximum: number,
): Page {
  const issues: ValidationIssue[] = [];
  if (first != null && last != null) issues.push(issue('last', 'CONTRADICTION', 'cannot be given with first'));
  if (after != null && before != null) issues.push(issue('before', 'CONTRADICTION', 'cannot be given with after'));
  for (const [name, size] of Object.entries({ first, last })) {
    if (size != null && (size < 1 || size > maximum)) {
      issues.push(issue(name, 'OUT_OF_RANGE', `must be 1 to ${maximum}, not ${size}`));
    }
  }
  const keys = Object.entries({ after, before }).flatMap(([name, cursor]) => {
    if (cursor == null) return [];
    const key = decodeCursor(space(), cursor);
    if (key === undefined) issues.push(issue(name, 'INVALID_CURSOR', 'is not a cursor of this connection'));
    return key ?? [];
  });
  if (issues.length > 0) throw new ValidationError(issues);
  const backward = last != null || (first == null && before != null);
  return {
    size: first ?? last ?? DEFAULT_PAGE_SIZE,
    from: backward ? 'oldest' : 'newest',
    bound: keys[0] === undefined ? undefined : { side: after == null ? 'newer' : 'older', key: keys[0] },
  };
}

const KEY_BYTES = 16;

/**
 * The connection that cursors belong to, as a checksum: its name, the workspace and the parent, so that a cursor
 * of one is refused by another.
 */
export function cursorScope(connection: string, ...ids: string[]): number {
  return crc32([connection, ...ids].join('\n'));
}

/** Makes a cursor of a row's sort key: the UUID's 16 bytes and a checksum of them within the space, in base64url. */
export function encodeCursor(space: number, key: string): string {
  const bytes = Buffer.allocUnsafe(KEY_BYTES + 4);
  bytes.write(key.replaceAll('-', ''), 'hex');
  bytes.writeUInt32BE(crc32(bytes.subarray(0, KEY_BYTES), space), KEY_BYTES);
  return bytes.toString('base64url');
}

/** Reads a cursor; returns nothing for one that is malformed, forged or of another connection. */
export function decodeCursor(space: number, cursor: string): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== KEY_BYTES + 4) return undefined;
  const hex = bytes.toString('hex', 0, KEY_BYTES);
  const key = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return encodeCursor(space, key) === cursor ? key : undefined;
}
