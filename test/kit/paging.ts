import { describe } from 'vitest';
import { describePageArguments } from './paging/arguments.ts';
import { describeChanges } from './paging/changes.ts';
import type { ConnectionCase } from './paging/connection-case.ts';
import { describeForgedCursors } from './paging/forged-cursors.ts';
import { describePages } from './paging/pages.ts';
import { describeTotalCount } from './paging/total-count.ts';

export type { ConnectionCase } from './paging/connection-case.ts';

/** The rules of contract.md about pages, for one connection. Every connection of the schema goes through it. */
export function describeConnection(name: string, connection: ConnectionCase): void {
  describe(name, () => {
    describePageArguments(connection);
    describePages(connection);
    describeChanges(connection);
    describeForgedCursors(connection);
    describeTotalCount(connection);
  });
}
