import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createKey } from '../../../src/auth/keys.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { nameOfToken } from '../../../src/domain/shared/actor.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { newKeyJson, openCli, rejected, runCli, unknownWorkspaceId, workspaceJson } from '../../kit/cli.ts';
import { ok } from '../../kit/program.ts';

const entryJson = z.strictObject({
  id: z.string().regex(/^\d+-\d+$/),
  seq: z.string().regex(/^\d+$/),
  at: z.iso.datetime(),
  keyId: z.string(),
  action: z.string(),
  userId: z.uuid().nullable(),
  listId: z.uuid().nullable(),
  eventId: z.uuid().nullable(),
  segmentId: z.uuid().nullable(),
  apiKeyId: z.uuid().nullable(),
  changed: z.array(z.string()).nullable(),
  publicKey: z.string().nullable(),
});

/** Opens the CLI on a database with two users and seven events, written with a key and with a token. */
async function openWithTrail() {
  const cli = await openCli();
  const { db } = cli;
  const { id: workspaceId } = await createWorkspace(db, 'Acme');
  const stranger = await createWorkspace(db, 'Other');
  const key = await createKey(db, workspaceId, ['users:write']);
  const [byKey, byToken] = [
    actorOf({ workspaceId }, key.id),
    { ...actorOf({ workspaceId }), actorName: nameOfToken('ada') },
  ];
  const { user: one } = await createUser(db, byKey, { uid: 'u1' });
  const { user: two } = await createUser(db, byKey, { uid: 'u2' });
  for (const name of ['a', 'b', 'c']) await addEvent(db, byToken, { uid: 'u1', name });
  for (const name of ['d', 'e', 'f', 'g']) await addEvent(db, byKey, { uid: 'u2', name });
  await createUser(db, actorOf({ workspaceId: stranger.id }), { uid: 'u1' });
  const list = (...options: string[]) =>
    cli.json(z.array(entryJson), 'audit', 'list', '--workspace', workspaceId, ...options);
  return { ...cli, workspaceId, stranger, key, one, two, list };
}

describe('audit list', () => {
  it('shows the entries of this workspace only, newest first', async () => {
    await using cli = await openWithTrail();
    const entries = await cli.list();
    expect(entries.map(({ action, keyId, publicKey, userId }) => [action, keyId, publicKey, userId])).toEqual([
      ...Array.from({ length: 4 }, () => ['addEvent', cli.key.id, cli.key.publicKey, cli.two.id]),
      ...Array.from({ length: 3 }, () => ['addEvent', 'token:ada', null, cli.one.id]),
      ['createUser', cli.key.id, cli.key.publicKey, cli.two.id],
      ['createUser', cli.key.id, cli.key.publicKey, cli.one.id],
    ]);
    const { stdout } = await cli.run('audit', 'list', '--workspace', cli.workspaceId, '--user', cli.one.id);
    expect(stdout).toMatch(
      /^AT +ACTOR +ACTION +USER +LIST +EVENT +SEGMENT +KEY\n(\S+Z +token:ada +addEvent +\S+ +- +\S+ +- +-\n){3}\S+Z +pk_\S+ +createUser .* -\n$/,
    );
  });

  it('filters by user, and by key id, public key and token subject', async () => {
    await using cli = await openWithTrail();
    expect(await cli.list('--user', cli.one.id)).toHaveLength(4);
    expect(await cli.list('--key', 'token:ada')).toHaveLength(3);
    expect(await cli.list('--key', cli.key.id)).toHaveLength(6);
    expect(await cli.list('--key', cli.key.id.toUpperCase())).toHaveLength(6);
    expect(await cli.list('--key', `token:${cli.key.id}`)).toEqual([]);
    expect(await cli.list('--key', cli.key.publicKey, '--user', cli.one.id)).toHaveLength(1);
  });

  it('shows changes of keys and the new name of a workspace, which the command line makes', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const key = await cli.json(newKeyJson, 'keys', 'create', ...workspace);
    await cli.run('keys', 'update', key.publicKey, ...workspace, '--name', 'Website');
    await cli.run('keys', 'rotate', key.publicKey, ...workspace);
    await cli.run('workspaces', 'rename', id, 'Acme Inc');
    await cli.run('keys', 'revoke', key.publicKey, ...workspace);
    const { stdout } = await cli.run('audit', 'list', ...workspace, '--key', 'cli');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ +/).slice(1));
    expect(rows).toEqual([
      ['cli', 'revokeKey', '-', '-', '-', '-', key.publicKey],
      ['cli', 'renameWorkspace', '-', '-', '-', '-', '-'],
      ['cli', 'rotateKey', '-', '-', '-', '-', key.publicKey],
      ['cli', 'updateKey', '-', '-', '-', '-', key.publicKey],
      ['cli', 'createKey', '-', '-', '-', '-', key.publicKey],
    ]);
    const entries = await cli.json(z.array(entryJson), 'audit', 'list', ...workspace);
    expect(entries.map(({ apiKeyId }) => apiKeyId)).toEqual([key.id, null, key.id, key.id, key.id]);
  });

  it('filters by time', async () => {
    await using cli = await openWithTrail();
    const entries = await cli.list('--since', '2020-01-31');
    expect(entries).toHaveLength(9);
    const third = entries.at(-3)?.at ?? '';
    expect(await cli.list('--since', third)).toEqual(entries.filter(({ at }) => at >= third));
    expect(await cli.list('--since', '9999-01-01T00:00:00+01:00')).toEqual([]);
  });

  it('prints the options for the next page', async () => {
    await using cli = await openWithTrail();
    const entries = await cli.list();
    const command = ['audit', 'list', '--workspace', cli.workspaceId, '--limit', '4'];
    const pages: unknown[] = [];
    for (let before: string[] = []; ; ) {
      const { stdout, stderr } = await cli.run(...command, '--json', ...before);
      pages.push(...z.array(entryJson).parse(JSON.parse(stdout)));
      const next = /^More entries follow\. Show the next page with --before (\S+)\n$/.exec(stderr)?.[1];
      if (next === undefined) break;
      before = ['--before', next];
    }
    expect(pages).toEqual(entries);
  });

  it('omits changes made by usergraph itself, unless requested', async () => {
    await using cli = await openWithTrail();
    const { db, workspaceId, one } = cli;
    const computed = { workspaceId, at: new Date(), keyId: 'segments', userId: one.id, segmentId: one.id };
    await db.change.create({ data: { ...computed, action: 'enterSegment', changed: ['email'] } });
    expect(await cli.list('--limit', '1')).toMatchObject([{ action: 'addEvent' }]);
    const entered = { action: 'enterSegment', keyId: 'segments', segmentId: one.id, changed: ['email'] };
    for (const options of [['--segments'], ['--key', 'segments'], ['--segments', '--user', one.id]])
      expect(await cli.list('--limit', '1', ...options)).toMatchObject([entered]);
  });

  it('pages through more entries than one statement reads, by time', async () => {
    await using cli = await openWithTrail();
    const { db, workspaceId } = cli;
    const at = new Date('2026-01-31T12:00:00Z');
    const data = Array.from({ length: 2_500 }, (_, place) => ({
      workspaceId,
      at: place < 3 ? at : new Date(at.getTime() - 60_000),
      keyId: 'cli',
      action: 'updateList' as const,
    }));
    await db.change.createMany({ data });
    expect(await cli.list('--since', '2026-01-31T12:00:00Z', '--key', 'cli')).toHaveLength(3);
  });

  it('prints a message if no entries match', async () => {
    await using cli = await openWithTrail();
    const answer = await cli.run('audit', 'list', '--workspace', cli.workspaceId, '--user', unknownWorkspaceId);
    expect(answer).toEqual(ok('No entries match.\n'));
    expect(
      await cli.json(z.array(entryJson), 'audit', 'list', '--workspace', cli.stranger.id, '--user', cli.one.id),
    ).toEqual([]);
  });

  it.each([
    ['no workspace', [], "required option '--workspace <ID>' not specified"],
    ['a uid for a user', ['--user', 'u1'], 'It must be a UUID.'],
    ['an invalid entry id', ['--before', 'u1'], 'It must be the id of an entry, such as 71234-5678.'],
    ['an entry id that is no bigint', ['--before', '1-9223372036854775808'], 'It must be the id of an entry'],
    ['an empty key', ['--key', ''], 'It must be a key id, a public key'],
    ['a subject without token:', ['--key', 'ada'], 'or token:<subject>'],
    ['a name that begins with cli', ['--key', 'client'], 'or token:<subject>'],
    ['an empty subject', ['--key', 'token:'], 'or token:<subject>'],
    ['a time in words', ['--since', 'yesterday'], 'It must be a date, such as 2026-01-31'],
    ['no entries', ['--limit', '0'], 'It must be an integer from 1 to 1000.'],
    ['too many entries', ['--limit', '1001'], 'It must be an integer from 1 to 1000.'],
    ['a limit in words', ['--limit', 'all'], 'It must be an integer from 1 to 1000.'],
  ])('rejects %s', async (_what, options, reason) => {
    expect(await runCli({}, 'audit', 'list', ...options)).toEqual(rejected(reason));
  });

  it('rejects an unknown workspace or key', async () => {
    await using cli = await openWithTrail();
    const nowhere = await cli.run('audit', 'list', '--workspace', unknownWorkspaceId);
    expect(nowhere).toEqual(rejected(`Workspace ${unknownWorkspaceId} does not exist.`));
    const nobody = await cli.run('audit', 'list', '--workspace', cli.workspaceId, '--key', 'pk_nobody');
    expect(nobody).toEqual(rejected('The workspace has no key pk_nobody.'));
  });
});
