import { expect, it } from 'vitest';
import { type ConnectionCase, inputErrorsOf, MANY_ROWS, withRows } from './connection-case.ts';

export function describePageArguments(connection: ConnectionCase): void {
  const { maximum } = connection;
  const use = withRows(connection, MANY_ROWS);

  it('returns 10 rows by default', async () => {
    const { page, ids } = use();
    expect((await page()).ids).toEqual(ids(MANY_ROWS.slice(-10).toReversed()));
  });

  it('returns the 10 rows directly before a cursor by default', async () => {
    const { page, ids, cursors } = use();
    const before = (await cursors(MANY_ROWS)).get(MANY_ROWS[5] ?? 0);
    expect((await page({ before })).ids).toEqual(ids(MANY_ROWS.slice(6, 16).toReversed()));
  });

  it.each([{ first: maximum }, { last: maximum }, { first: 1 }, { last: 1 }])('accepts %j', async (variables) => {
    const size = Math.min(MANY_ROWS.length, variables.first ?? variables.last ?? 0);
    expect((await use().page(variables)).ids).toHaveLength(size);
  });

  it.each(['first', 'last'])('rejects %s below 1 or above the maximum', async (argument) => {
    const { read } = use();
    for (const size of [0, -1, maximum + 1, 2 ** 31 - 1]) {
      expect(inputErrorsOf(await read({ [argument]: size }))).toEqual([`${argument} OUT_OF_RANGE`]);
    }
  });

  it('rejects first with last', async () => {
    expect(inputErrorsOf(await use().read({ first: 1, last: 1 }))).toEqual(['last CONTRADICTION']);
  });

  it('rejects after with before', async () => {
    const { read, cursors } = use();
    const cursor = (await cursors(MANY_ROWS)).get(MANY_ROWS[9] ?? 0);
    expect(inputErrorsOf(await read({ after: cursor, before: cursor }))).toEqual(['before CONTRADICTION']);
  });

  it('reports all invalid arguments at once', async () => {
    expect(inputErrorsOf(await use().read({ first: 0, last: maximum + 1, after: 'x', before: 'y' }))).toEqual([
      'after INVALID_CURSOR',
      'before CONTRADICTION',
      'before INVALID_CURSOR',
      'first OUT_OF_RANGE',
      'last CONTRADICTION',
      'last OUT_OF_RANGE',
    ]);
  });
}
