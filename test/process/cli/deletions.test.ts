import { expect, it } from 'vitest';
import { z } from 'zod';
import { eraseSomeEvents } from '../../../src/domain/users/erase-events.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { openCli, rejected, unknownWorkspaceId } from '../../kit/cli.ts';
import { ok } from '../../kit/program.ts';
import { rowId, seedEvents } from '../../kit/seed-rows.ts';

const deletionJson = z.strictObject({
  workspaceId: z.uuid(),
  userId: z.uuid(),
  requestedAt: z.iso.datetime(),
  erasedEvents: z.int(),
  remainingEvents: z.int(),
});

it('lists deleted users until their events are erased', async () => {
  await using cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const list = ['deletions', 'list', '--workspace', workspaceId];
  const done = ok('No events of deleted users are left to erase.\n');
  await seedEvents({ db: cli.db, workspaceId }, 1, [11, 12, 13, 14, 15]);
  expect(await cli.run(...list)).toEqual(done);
  await cli.db.user.deleteMany({ where: { workspaceId } });
  await eraseSomeEvents(cli.db, 2);
  expect(await cli.json(z.array(deletionJson), ...list)).toMatchObject([
    { workspaceId, userId: rowId(1), erasedEvents: 2, remainingEvents: 3 },
  ]);
  expect((await cli.run(...list)).stdout).toMatch(
    new RegExp(`^DELETED +USER +ERASED +REMAINING\\n\\S+Z   ${rowId(1)}   2        3\\n$`),
  );
  while (await eraseSomeEvents(cli.db, 2));
  expect(await cli.run(...list)).toEqual(done);
});

it('rejects an unknown workspace', async () => {
  await using cli = await openCli();
  expect(await cli.run('deletions', 'list', '--workspace', unknownWorkspaceId)).toEqual(
    rejected(`Workspace ${unknownWorkspaceId} does not exist.`),
  );
});
