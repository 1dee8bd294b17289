import { expect, it } from 'vitest';
import type { ConnectionCase } from './connection-case.ts';
import { MANY, withRows } from './scene.ts';

export function describeTotalCount(connection: ConnectionCase): void {
  const use = withRows(connection, MANY);
  /** A connection of a parent needs the parent, too. */
  const ofParent = connection.parent ? 1 : 0;

  it('counts all rows, and reads no page, where the total count alone is selected', async () => {
    const { app, read } = use();
    await read({ count: true, page: false });
    let answer: unknown;
    const statements = await app.statementsOf(async () => {
      answer = await read({ count: true, page: false });
    });
    expect(answer).toMatchObject({ data: { totalCount: MANY.length, totalCountIsCapped: false } });
    expect(statements).toHaveLength(ofParent + 1);
    expect(statements.at(-1)).toMatch(/count\(\*\)/);
  });

  it('counts nothing where the total count is not selected', async () => {
    const { app, page } = use();
    await page();
    expect(await app.statementsOf(() => page())).toHaveLength(ofParent + 1);
  });

  it('counts all rows whatever the page', async () => {
    const { page, cursors } = use();
    const after = (await cursors(MANY)).get(40);
    expect(await page({ first: 1, after, count: true })).toMatchObject({ totalCount: MANY.length });
  });
}
