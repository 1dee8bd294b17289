import { expect, it } from 'vitest';
import type { ConnectionCase } from './connection-case.ts';
import { faultsOf, MANY, withRows } from './scene.ts';

export function describePageArguments(connection: ConnectionCase): void {
  const { maximum } = connection;
  const use = withRows(connection, MANY);

  it('has 10 rows on a page by default', async () => {
    const { page, ids } = use();
    expect((await page()).ids).toEqual(ids(MANY.slice(-10).toReversed()));
  });

  it('has the 10 rows right before a cursor by default', async () => {
    const { page, ids, cursors } = use();
    const before = (await cursors(MANY)).get(MANY[5] ?? 0);
    expect((await page({ before })).ids).toEqual(ids(MANY.slice(6, 16).toReversed()));
  });

  it.each([{ first: maximum }, { last: maximum }, { first: 1 }, { last: 1 }])('takes %j', async (variables) => {
    const size = Math.min(MANY.length, variables.first ?? variables.last ?? 0);
    expect((await use().page(variables)).ids).toHaveLength(size);
  });

  it.each(['first', 'last'])('refuses a %s below 1 or above the maximum, and clamps none', async (argument) => {
    const { read } = use();
    for (const size of [0, -1, maximum + 1, 2 ** 31 - 1]) {
      expect(faultsOf(await read({ [argument]: size }))).toEqual([`${argument} OUT_OF_RANGE`]);
    }
  });

  it('refuses first with last', async () => {
    expect(faultsOf(await use().read({ first: 1, last: 1 }))).toEqual(['last CONTRADICTION']);
  });

  it('refuses after with before', async () => {
    const { read, cursors } = use();
    const cursor = (await cursors(MANY)).get(MANY[9] ?? 0);
    expect(faultsOf(await read({ after: cursor, before: cursor }))).toEqual(['before CONTRADICTION']);
  });

  it('names all faults at once', async () => {
    expect(faultsOf(await use().read({ first: 0, last: maximum + 1, after: 'x', before: 'y' }))).toEqual([
      'after INVALID_CURSOR',
      'before CONTRADICTION',
      'before INVALID_CURSOR',
      'first OUT_OF_RANGE',
      'last CONTRADICTION',
      'last OUT_OF_RANGE',
    ]);
  });
}
