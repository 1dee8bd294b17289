import { expect, it } from 'vitest';
import { startApp } from '../app.ts';
import { type ConnectionCase, connectionIn, FEW_ROWS, MANY_ROWS, type PageVariables } from './connection-case.ts';

/** Computes the page of some rows, newest first. @param bound the row of the cursor. */
function expectedPage(rows: readonly number[], bound: number, { first, last, after }: PageVariables) {
  const split = rows.filter((row) => (after ? row >= bound : row > bound)).length;
  const [low, high] = after ? [split, rows.length] : [0, split];
  const start = last ? Math.max(low, high - last) : low;
  const end = first ? Math.min(high, low + first) : high;
  return { rows: rows.slice(start, end), hasPreviousPage: start > 0, hasNextPage: end < rows.length };
}

export function describePages(connection: ConnectionCase): void {
  it.each([
    { title: 'for every cursor', deleted: [] },
    { title: 'for every cursor, some of deleted rows', deleted: [10, 30, 50] },
  ])('returns the right rows and page information $title', async ({ deleted }) => {
    await using app = await startApp();
    const { add, remove, page, ids, cursors } = connectionIn(app, connection);
    await add(FEW_ROWS);
    const cursorsByRow = await cursors(FEW_ROWS);
    for (const row of deleted) await remove(row);
    const rows = FEW_ROWS.filter((row) => !deleted.includes(row)).toReversed();
    for (const [bound, cursor] of cursorsByRow) {
      for (const size of [1, 4]) {
        for (const side of ['after', 'before'] as const) {
          for (const count of ['first', 'last'] as const) {
            const variables = { [count]: size, [side]: cursor };
            const expected = expectedPage(rows, bound, variables);
            const { ids: found, pageInfo } = await page(variables);
            const { hasNextPage, hasPreviousPage } = pageInfo;
            expect({ bound, side, count, size, found, hasNextPage, hasPreviousPage }).toEqual({
              ...{ bound, side, count, size, found: ids(expected.rows) },
              hasNextPage: expected.hasNextPage,
              hasPreviousPage: expected.hasPreviousPage,
            });
          }
        }
      }
    }
  });

  it('returns the cursors of the first and last edge as page information, and the nodes of the edges as nodes', async () => {
    await using app = await startApp();
    const { add, page } = connectionIn(app, connection);
    await add(FEW_ROWS);
    const { edges, pageInfo, nodes = edges.map(({ node }) => node) } = await page({ first: 3 });
    expect(pageInfo).toMatchObject({ startCursor: edges[0]?.cursor, endCursor: edges[2]?.cursor });
    expect(nodes).toEqual(edges.map(({ node }) => node));
  });

  it('returns an empty page without next and previous pages for an empty connection', async () => {
    await using app = await startApp();
    const { add, remove, read } = connectionIn(app, connection);
    await add([10]);
    await remove(10);
    const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    for (const variables of [{ first: 5 }, { last: 5 }, {}]) {
      const { data } = await read({ ...variables, count: true });
      expect(data).toMatchObject({ edges: [], pageInfo, totalCount: 0, totalCountIsCapped: false });
    }
  });
}

export function describeConcurrentChanges(connection: ConnectionCase): void {
  it.each([
    { direction: 'forwards' as const, cursorRows: [210, 180], rowsAhead: [100, 110], addedRow: 55 },
    { direction: 'backwards' as const, cursorRows: [30, 60], rowsAhead: [140, 130], addedRow: 185 },
  ])('is read $direction without gaps or duplicates while rows are added and removed', async (changes) => {
    await using app = await startApp();
    const { add, remove, walk, ids } = connectionIn(app, connection);
    await add(MANY_ROWS);
    const seen = await walk(3, changes.direction, async (page) => {
      const [cursorRow, rowAhead] = [changes.cursorRows[page - 1], changes.rowsAhead[page - 1]];
      if (cursorRow) await remove(cursorRow);
      if (rowAhead) await remove(rowAhead);
      if (page === 1) await add([changes.addedRow]);
      // New rows are added at the newest end.
      if (page <= 2) await add([1000 + page * 10]);
    });
    const backwards = changes.direction === 'backwards';
    const read = MANY_ROWS.filter((row) => !changes.rowsAhead.includes(row)).concat(changes.addedRow);
    if (backwards) read.push(1010, 1020);
    const inOrder = read.toSorted((one, other) => (backwards ? one - other : other - one));
    expect(seen).toEqual(ids(inOrder));
  });
}
