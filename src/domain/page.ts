import type { Page } from '../db/keyset.ts';
import { decodeCursor } from './cursor.ts';
import { ValidationError, type ValidationIssue } from './errors.ts';

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
export const USERS_PAGE_MAXIMUM = 30;

/** Most rows on a page of anything else. Contract, "page size". */
export const PAGE_MAXIMUM = 100;

const issue = (path: string, code: string, message: string): ValidationIssue => ({ path: [path], code, message });

/**
 * Turns arguments into the page they ask for. `before` alone asks for the page right before it.
 * @param space of the connection's cursors, computed where there is one. @param maximum page size.
 * @throws {ValidationError} with every fault: nothing is clamped.
 */
export function pageOf({ first, after, last, before }: PageArguments, space: () => number, maximum: number): Page {
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
