import { join } from 'node:path';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { openCli, rejected, runCli, unknownWorkspaceId } from '../../kit/cli.ts';
import { createDatabase } from '../../kit/database.ts';
import { startFaultProxy } from '../../kit/fault-proxy.ts';
import { ok } from '../../kit/program.ts';
import { rowId, seedEvents } from '../../kit/seed-rows.ts';

const deletionJson = z.strictObject({
  workspaceId: z.uuid(),
  userId: z.uuid(),
  requestedAt: z.iso.datetime(),
  erasedEvents: z.int(),
  erasedChanges: z.int(),
  erasedKeys: z.int(),
  remainingEvents: z.int(),
});

it('lists deleted users until their data is erased', async () => {
  await using cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const list = ['deletions', 'list', '--workspace', workspaceId];
  const done = ok('No data of deleted users is left to erase.\n');
  await seedEvents({ db: cli.db, workspaceId }, 1, [11, 12, 13, 14, 15]);
  expect(await cli.run(...list)).toEqual(done);
  await cli.db.user.deleteMany({ where: { workspaceId } });
  await runErasureStep(cli.db, 2);
  expect(await cli.json(z.array(deletionJson), ...list)).toMatchObject([
    { workspaceId, userId: rowId(1), erasedEvents: 2, remainingEvents: 3 },
  ]);
  expect((await cli.run(...list)).stdout).toMatch(
    new RegExp(`^DELETED +USER +ERASED +REMAINING\\n\\S+Z   ${rowId(1)}   2        3\\n$`),
  );
  while (await runErasureStep(cli.db, 2));
  expect(await cli.run(...list)).toEqual(done);
});

it('rejects an unknown workspace', async () => {
  await using cli = await openCli();
  expect(await cli.run('deletions', 'list', '--workspace', unknownWorkspaceId)).toEqual(
    rejected(`Workspace ${unknownWorkspaceId} does not exist.`),
  );
});

it('prepares no statements if PREPARED_STATEMENTS is off, as a pooler may require', async () => {
  await using database = await createDatabase();
  const { id } = await createWorkspace(database.db, 'Acme');
  const { host, port, user, database: name } = new Client(database.connection);
  const isSocket = host.startsWith('/');
  await using proxy = await startFaultProxy(isSocket ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port });
  // A message that prepares a statement has its name before its text.
  proxy.cutAt('s0\0/* listErasures');
  const url = new URL(database.connection.connectionString);
  const password = url.password ? `:${url.password}` : '';
  const env = { DATABASE_URL: `postgres://${user}${password}@127.0.0.1:${proxy.port}/${name}` };
  const list = ['deletions', 'list', '--workspace', id];
  expect(await runCli({ ...env, PREPARED_STATEMENTS: 'off' }, ...list)).toMatchObject({ code: 0 });
  expect(await runCli(env, ...list)).toMatchObject({ code: 1 });
});
