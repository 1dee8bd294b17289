import type { Page } from '../db/keyset.ts';
import type { ValidationIssue } from '../domain/errors.ts';
import { badInput } from './bad-input.ts';
import { builder } from './builder.ts';
import { decodeCursor } from './cursor.ts';

/** The arguments of a connection (Relay). */
export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** Rows on a page where no size is given. The seed and the contract, "page size". */
export const DEFAULT_PAGE_SIZE = 10;

/** The arguments of every connection. */
export const pageArguments = builder.args((arg) => ({
  first: arg.int({ description: `Number of edges from the newest on; ${DEFAULT_PAGE_SIZE} by default.` }),
  after: arg.string({ description: 'Cursor of the edge that the page comes after. Not with `before`.' }),
  last: arg.int({ description: 'Number of edges up to the oldest, instead of `first`.' }),
  before: arg.string({ description: 'Cursor of the edge that the page comes before. Not with `after`.' }),
}));

const issue = (path: string, code: string, message: string): ValidationIssue => ({ path: [path], code, message });

/**
 * Turns a connection's arguments into the page they ask for. `before` alone asks for the page right before it.
 * @param space of the connection's cursors. @param maximum page size.
 * @throws {GraphQLError} `BAD_USER_INPUT` with every fault: nothing is clamped.
 */
export function pageOf({ first, after, last, before }: PageArguments, space: number, maximum: number): Page {
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
    const key = decodeCursor(space, cursor);
    if (key === undefined) issues.push(issue(name, 'INVALID_CURSOR', 'is not a cursor of this connection'));
    return key ?? [];
  });
  if (issues.length > 0) throw badInput(issues);
  const backward = last != null || (first == null && before != null);
  return {
    size: first ?? last ?? DEFAULT_PAGE_SIZE,
    from: backward ? 'oldest' : 'newest',
    bound: keys[0] === undefined ? undefined : { side: after == null ? 'newer' : 'older', key: keys[0] },
  };
}
