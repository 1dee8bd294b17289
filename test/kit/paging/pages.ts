import { expect, it } from 'vitest';
import { startApp } from '../app.ts';
import { type ConnectionCase, connectionIn, type PageVariables } from './connection-case.ts';
import { MIN_KEYS_FOR_ARRAYS } from './scene.ts';

/** The page that some arguments ask for, by counting: of rows newest first, with places before and after it. */
function expectedPage(rows: readonly number[], bound: number, { first, last, after }: PageVariables) {
  const split = rows.filter((row) => (after ? row >= bound : row > bound)).length;
  const [low, high] = after ? [split, rows.length] : [0, split];
  const start = last ? Math.max(low, high - last) : low;
  const end = first ? Math.min(high, low + first) : high;
  return { rows: rows.slice(start, end), hasPreviousPage: start > 0, hasNextPage: end < rows.length };
}

export function describePages(connection: ConnectionCase): void {
  it.each([
    { title: 'with each cursor', deleted: [] },
    { title: 'with the cursors of deleted rows too', deleted: [10, 30, 50] },
  ])('gives the right page, and is true about the pages around it, $title', async ({ deleted }) => {
    await using app = await startApp();
    const { add, remove, page, ids, cursors } = connectionIn(app, connection);
    await add(MIN_KEYS_FOR_ARRAYS);
    const known = await cursors(MIN_KEYS_FOR_ARRAYS);
    for (const row of deleted) await remove(row);
    const rows = MIN_KEYS_FOR_ARRAYS.filter((row) => !deleted.includes(row)).toReversed();
    for (const [bound, cursor] of known) {
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

  it('has the cursors of its ends, and the nodes of its edges, in its page information and nodes', async () => {
    await using app = await startApp();
    const { add, page } = connectionIn(app, connection);
    await add(MIN_KEYS_FOR_ARRAYS);
    const { edges, pageInfo, nodes = edges.map(({ node }) => node) } = await page({ first: 3 });
    expect(pageInfo).toMatchObject({ startCursor: edges[0]?.cursor, endCursor: edges[2]?.cursor });
    expect(nodes).toEqual(edges.map(({ node }) => node));
  });

  it('has nothing, and no pages around it, where it is empty', async () => {
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
