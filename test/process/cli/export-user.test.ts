import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { printUserExport, startUserExport } from '../../../src/domain/transfer/export-user.ts';
import { userExport } from '../../../src/domain/transfer/user-export-schema.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { openCli, rejected, unknownWorkspaceId } from '../../kit/cli.ts';
import { addUser } from '../../kit/factories.ts';

/** A workspace with the user `ada`, who has events. */
async function openWithEvents(count: number) {
  const cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const user = await addUser({ db: cli.db, workspaceId }, { uid: 'ada', email: 'ada@example.com' });
  await cli.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT ${workspaceId}::uuid, gen_random_uuid(), ${user.id}::uuid, 'Paid', now() FROM generate_series(1, ${count}::int)`;
  return { ...cli, workspaceId, user, command: ['export', 'user', 'ada', '--workspace', workspaceId] };
}

const read = (text: string) => userExport.parse(JSON.parse(text));

it('writes a user with more events than the API returns to standard output, found by uid or id', async () => {
  await using cli = await openWithEvents(12_345);
  const { stdout, stderr, code } = await cli.run(...cli.command);
  expect([stderr, code]).toEqual(['', 0]);
  const { profile, events, changes } = read(stdout);
  expect(profile).toMatchObject({ uid: 'ada', email: 'ada@example.com' });
  expect(new Set(events.map(({ id }) => id)).size).toBe(12_345);
  expect(changes).toMatchObject([{ action: 'exportUser', keyId: 'cli' }]);
  const byId = await cli.run('export', 'user', cli.user.id, '--workspace', cli.workspaceId);
  expect(read(byId.stdout).events).toHaveLength(12_345);
});

it('writes a file that only its owner can read, and replaces it only by a complete one', async () => {
  await using cli = await openWithEvents(3);
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'usergraph-')), (path) => rm(path, { recursive: true }));
  const file = join(folder, 'ada.json');
  expect(await cli.run(...cli.command, '--out', file)).toEqual({
    stdout: '',
    stderr: `Exported the user to ${file}.\n`,
    code: 0,
  });
  expect(read(await readFile(file, 'utf8')).events).toHaveLength(3);
  expect((await stat(file)).mode % 0o1000).toBe(0o600);
  await cli.db.$executeRaw`ALTER TABLE events RENAME COLUMN value TO hidden`;
  expect(await cli.run(...cli.command, '--out', file)).toEqual(rejected('does not exist'));
  expect(read(await readFile(file, 'utf8')).events).toHaveLength(3);
  expect(await readdir(folder)).toEqual(['ada.json']);
  expect(await cli.run(...cli.command, '--out', join(folder, 'none', 'ada.json'))).toEqual(rejected('ENOENT'));
});

it('rejects unknown users and workspaces, and users of other workspaces', async () => {
  await using cli = await openWithEvents(0);
  const { id: other } = await createWorkspace(cli.db, 'Other');
  for (const [uid, workspace, reason] of [
    ['ada', other, 'The workspace has no user ada.'],
    [cli.user.id, other, `The workspace has no user ${cli.user.id}.`],
    ['a/b', cli.workspaceId, 'The workspace has no user a/b.'],
    ['ada', unknownWorkspaceId, `Workspace ${unknownWorkspaceId} does not exist.`],
  ] as const) {
    expect(await cli.run('export', 'user', uid, '--workspace', workspace)).toEqual(rejected(reason));
  }
  expect(await cli.runUnread(...cli.command)).toMatchObject({ code: 1 });
});

it('fails if the user is deleted while the export runs, and exports no events that are added meanwhile', async () => {
  await using cli = await openWithEvents(1_200);
  const actor = actorOf(cli);
  const started = await startUserExport(cli.db, actor, 'ada');
  await cli.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    VALUES (${cli.workspaceId}::uuid, 'ffffffff-0000-7000-8000-000000000000', ${cli.user.id}::uuid, 'Late', now())`;
  let text = '';
  for await (const piece of printUserExport(started)) text += piece;
  expect(read(text).events).toHaveLength(1_200);
  const other = await startUserExport(cli.db, actor, 'ada');
  const pages = other.events();
  await pages.next();
  await deleteUser(cli.db, actor, 'ada');
  while (await runErasureStep(cli.db));
  await expect(pages.next().then(() => pages.next())).rejects.toThrow('User not found');
});
