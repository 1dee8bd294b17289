import { describe, expect, it } from 'vitest';
import { describePageArguments } from './arguments.ts';
import { type ConnectionCase, MANY_ROWS, withRows } from './connection-case.ts';
import { describeForgedCursors } from './forged-cursors.ts';
import { describeConcurrentChanges, describePages } from './pages.ts';

/** Tests the paging rules of docs/contract.md for a connection. Every connection of the schema needs this suite. */
export function describeConnection(name: string, connection: ConnectionCase): void {
  describe(name, () => {
    describePageArguments(connection);
    describePages(connection);
    describeConcurrentChanges(connection);
    describeForgedCursors(connection);
    describeTotalCount(connection);
  });
}

function describeTotalCount(connection: ConnectionCase): void {
  const use = withRows(connection, MANY_ROWS);
  /** Statements that read the parent. */
  const parentStatements = connection.parent && connection.readsParent !== false ? 1 : 0;

  it('counts all rows and reads no page if only the total count is selected', async () => {
    const { app, read } = use();
    await read({ count: true, page: false });
    let answer: unknown;
    const statements = await app.statementsOf(async () => {
      answer = await read({ count: true, page: false });
    });
    expect(answer).toMatchObject({ data: { totalCount: MANY_ROWS.length, totalCountIsCapped: false } });
    expect(statements).toHaveLength(parentStatements + 1);
    expect(statements.at(-1)).toMatch(/count\(\*\)/);
  });

  it('does not count if the total count is not selected', async () => {
    const { app, page } = use();
    await page();
    const statements = await app.statementsOf(() => page());
    expect(statements.filter((text) => text.includes('count(*)'))).toEqual([]);
    // The statement of a parent can read the page as well.
    expect(statements.length).toBeLessThanOrEqual(parentStatements + 1);
    expect(statements.length).toBeGreaterThan(0);
  });

  it('counts the rows of all pages', async () => {
    const { page, cursors } = use();
    const after = (await cursors(MANY_ROWS)).get(40);
    expect(await page({ first: 1, after, count: true })).toMatchObject({ totalCount: MANY_ROWS.length });
  });
}
