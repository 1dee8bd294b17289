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

it('lists the deleted users of a workspace whose events are being erased, until they are', async () => {
  await using cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const list = ['deletions', 'list', '--workspace', workspaceId];
  const done = ok('All events of deleted users are erased.\n');
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

it('refuses a workspace that is not there', async () => {
  await using cli = await openCli();
  expect(await cli.run('deletions', 'list', '--workspace', unknownWorkspaceId)).toEqual(
    rejected(`There is no workspace ${unknownWorkspaceId}.`),
  );
});
