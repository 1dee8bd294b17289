import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { addEvent } from '../../../src/domain/events/add.ts';
import { nameOfToken } from '../../../src/domain/shared/actor.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { openCli, rejected, unknownWorkspaceId } from '../../kit/cli.ts';
import { databaseText, findTexts } from '../../kit/database-text.ts';

/** A workspace with the users `ada` and `bob`, each with three events that have keys, written with a token of `ada`. */
async function openWithPeople() {
  const cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const actor = { ...actorOf({ workspaceId }), actorName: nameOfToken('ada') };
  const ids: Record<string, string> = {};
  for (const uid of ['ada', 'bob']) {
    const { user } = await updateUser(cli.db, actor, { uid, device: { token: `device-of-${uid}`, platform: 'ios' } });
    ids[uid] = user.id;
    for (const name of ['zqone', 'zqtwo', 'zqthree']) {
      await addEvent(cli.db, actor, { uid, name: `${name} ${uid}`, idempotencyKey: `${name} key of ${uid}` });
    }
  }
  const erase = (uid: string) => ['erase', 'user', uid, '--workspace', workspaceId];
  const left = async (uid: string) =>
    Object.keys(findTexts(await databaseText(cli.db), [`device-of-${uid}`, `zqone ${uid}`, `zqone key of ${uid}`]));
  return { ...cli, workspaceId, actor, id: (uid: string) => ids[uid] ?? '', erase, left };
}

const eraseJson = z.strictObject({
  workspaceId: z.uuid(),
  userId: z.uuid(),
  uid: z.string().optional(),
  counts: z.strictObject({
    events: z.int(),
    changes: z.int(),
    devices: z.int(),
    lists: z.int(),
    segments: z.int(),
    suppressions: z.int(),
  }),
  erasedEvents: z.int(),
  erasedChanges: z.int(),
  erasedKeys: z.int(),
  isCompletedByGateway: z.boolean(),
  isErased: z.literal(true),
});

it('erases a user completely, and tells what was erased', async () => {
  await using cli = await openWithPeople();
  const preview = await cli.run(...cli.erase('ada'));
  expect(preview).toMatchObject({ code: 1, stderr: 'error: Nothing was erased. To erase the user, add --yes.\n' });
  expect(preview.stdout).toMatch(/^ada \(\S+\)\n\nDATA +ROWS\nevents +3\nchanges +5\ndevices +1\n/);
  expect(await cli.left('ada')).toHaveLength(3);

  const { code, stdout, stderr } = await cli.run(...cli.erase('ada'), '--yes');
  expect(code).toBe(0);
  expect(stderr).toContain(`Erasing the user ${cli.id('ada')}. `);
  // 5 entries about ada, and 5 about bob with the token of ada.
  expect(stdout).toContain(
    `Erased 3 events and 3 idempotency keys, and personal data from 10 audit entries. The user's id was ${cli.id('ada')}.`,
  );
  expect(await cli.left('ada')).toEqual([]);
  expect(await cli.left('bob')).toHaveLength(3);
  expect(findTexts(await databaseText(cli.db), ['token:ada'])).toEqual({});
  expect(await cli.db.change.findFirst({ where: { action: 'deleteUser' } })).toMatchObject({ keyId: 'cli' });

  expect(await cli.json(eraseJson, ...cli.erase('bob'), '--yes')).toMatchObject({
    uid: 'bob',
    counts: { events: 3, changes: 5, devices: 1, lists: 0, segments: 0, suppressions: 0 },
    erasedEvents: 3,
    erasedKeys: 3,
    erasedChanges: 3,
    isCompletedByGateway: false,
  });
});

it('completes the erasure of a user who is already deleted, by id', async () => {
  await using cli = await openWithPeople();
  await deleteUser(cli.db, cli.actor, 'ada');
  await runErasureStep(cli.db, 1);
  expect(await cli.run(...cli.erase('ada'), '--yes')).toEqual(rejected('The workspace has no user ada'));
  expect((await cli.run(...cli.erase(cli.id('ada')))).stdout).toContain(`${cli.id('ada')} (already deleted)`);
  expect(await cli.json(eraseJson, ...cli.erase(cli.id('ada')), '--yes')).toMatchObject({
    counts: { events: 2, changes: 6 },
    erasedEvents: 3,
  });
  expect(await cli.left('ada')).toEqual([]);
  expect(await cli.db.userDeletion.count()).toBe(0);
});

it('erases what an earlier version has left of a deleted user', async () => {
  await using cli = await openWithPeople();
  await deleteUser(cli.db, cli.actor, 'ada');
  // Earlier versions erased only the events.
  await cli.db.event.deleteMany({ where: { userId: cli.id('ada') } });
  await cli.db.userDeletion.deleteMany();
  expect(await cli.left('ada')).toContain('zqone ada');
  expect((await cli.run(...cli.erase(cli.id('ada')), '--yes')).code).toBe(0);
  expect(findTexts(await databaseText(cli.db), ['zqone ada'])).toEqual({});
  expect(await cli.db.userDeletion.count()).toBe(0);
});

it('erases the events of a deleted user whose changes have expired', async () => {
  await using cli = await openWithPeople();
  await deleteUser(cli.db, cli.actor, 'ada');
  await cli.db.userDeletion.deleteMany();
  await cli.db.change.deleteMany();
  expect(await cli.json(eraseJson, ...cli.erase(cli.id('ada')), '--yes')).toMatchObject({
    counts: { events: 3, changes: 0 },
    erasedEvents: 3,
    isCompletedByGateway: false,
  });
  expect(await cli.left('ada')).toEqual([]);
});

it('fails if the erasure of a deleted user is not pending', async () => {
  await using cli = await openWithPeople();
  await deleteUser(cli.db, cli.actor, 'ada');
  await cli.db.userDeletion.deleteMany();
  // As if a gateway had completed the erasure between two statements of the command.
  await cli.db.$executeRaw`
    CREATE FUNCTION skip_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;
  await cli.db.$executeRaw`
    CREATE TRIGGER skip_row BEFORE INSERT ON user_deletions FOR EACH ROW EXECUTE FUNCTION skip_row()`;
  expect(await cli.run(...cli.erase(cli.id('ada')), '--yes', '--json')).toEqual(
    rejected(`The workspace has no user ${cli.id('ada')}`),
  );
});

it('waits for a gateway that is erasing the same user', async () => {
  await using cli = await openWithPeople();
  await deleteUser(cli.db, cli.actor, 'ada');
  const running = await cli.db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT FROM user_deletions FOR UPDATE`;
    const running = cli.json(eraseJson, ...cli.erase(cli.id('ada')), '--yes');
    await vi.waitFor(
      async () => {
        const waiting = await cli.db.$queryRaw<unknown[]>`
          SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '/* lockDeletion%'`;
        expect(waiting).toHaveLength(1);
      },
      { timeout: 8_000 },
    );
    await tx.$executeRaw`DELETE FROM user_deletions`;
    return { outcome: running };
  });
  expect(await running.outcome).toMatchObject({ isCompletedByGateway: true, erasedEvents: 0 });
});

it('rejects unknown users and workspaces, and users of other workspaces', async () => {
  await using cli = await openWithPeople();
  const { id: other } = await createWorkspace(cli.db, 'Other');
  for (const [uid, workspace, reason] of [
    ['ada', other, 'The workspace has no user ada'],
    [cli.id('ada'), other, `The workspace has no user ${cli.id('ada')}`],
    ['nobody', cli.workspaceId, 'The workspace has no user nobody'],
    [unknownWorkspaceId, cli.workspaceId, 'The workspace has no user'],
    ['ada', unknownWorkspaceId, 'does not exist'],
  ] as const) {
    expect(await cli.run('erase', 'user', uid, '--workspace', workspace, '--yes')).toEqual(rejected(reason));
  }
  expect(await cli.db.user.count()).toBe(2);
});
