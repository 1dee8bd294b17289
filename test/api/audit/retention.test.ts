import { readFileSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

const DAY = 86_400_000;

it('the statement in docs/audit.md deletes entries of one workspace that are older than 400 days', async () => {
  await using app = await startApp();
  const statement = /```sql\n(.+?)```/s.exec(readFileSync('docs/audit.md', 'utf8'))?.[1] ?? '';
  const { db, workspaceId, stranger } = app;
  const ages = [401, 399, 0];
  for (const owner of [workspaceId, stranger.workspaceId]) {
    await db.change.createMany({
      data: ages.map((days) => {
        const at = new Date(Date.now() - days * DAY);
        return { workspaceId: owner, id: uuidv7({ msecs: at.getTime() }), at, keyId: `${days}`, action: 'addEvent' };
      }),
    });
  }
  expect(await db.$executeRawUnsafe(statement.replaceAll('<id>', workspaceId))).toBe(1);
  const remaining = await db.change.findMany({ where: { workspaceId }, orderBy: { seq: 'asc' } });
  expect(remaining.map(({ keyId }) => keyId)).toEqual(['399', '0']);
  expect(await db.change.count()).toBe(5);
});
