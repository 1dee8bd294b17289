import { expect, it } from 'vitest';
import { startApp } from '../app.ts';
import { type ConnectionCase, connectionIn } from './connection-case.ts';
import { MANY } from './scene.ts';

export function describeChanges(connection: ConnectionCase): void {
  it.each([
    { direction: 'forwards' as const, cursorRows: [210, 180], aheadRows: [100, 110], addedAhead: 55 },
    { direction: 'backwards' as const, cursorRows: [30, 60], aheadRows: [140, 130], addedAhead: 185 },
  ])('is walked $direction without a gap or a double while rows come and go', async (change) => {
    await using app = await startApp();
    const { add, remove, walk, ids } = connectionIn(app, connection);
    await add(MANY);
    const seen = await walk(3, change.direction, async (page) => {
      const [cursorRow, aheadRow] = [change.cursorRows[page - 1], change.aheadRows[page - 1]];
      if (cursorRow) await remove(cursorRow);
      if (aheadRow) await remove(aheadRow);
      if (page === 1) await add([change.addedAhead]);
      // New rows come in at the newest end.
      if (page <= 2) await add([1000 + page * 10]);
    });
    const backwards = change.direction === 'backwards';
    const read = MANY.filter((row) => !change.aheadRows.includes(row)).concat(change.addedAhead);
    if (backwards) read.push(1010, 1020);
    const inOrder = read.toSorted((one, other) => (backwards ? one - other : other - one));
    expect(seen).toEqual(ids(inOrder));
  });
}
