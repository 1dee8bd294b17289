import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createKey } from '../../../src/auth/keys.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { openCli, rejected, unknownWorkspaceId } from '../../kit/cli.ts';
import { addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';
import { ok } from '../../kit/program.ts';

const summary = z.strictObject({
  type: z.enum(['users', 'events', 'lists']),
  file: z.string(),
  records: z.int(),
  seconds: z.number(),
  perSecond: z.int(),
});

/** Opens the CLI on a database with three users, and in an empty folder. */
async function openWithUsers() {
  const cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const owner = { db: cli.db, workspaceId };
  const users = [];
  for (const uid of ['u1', 'u2', 'u3']) users.push(await addUser(owner, { uid, createdAt: new Date(0) }));
  const folder = await mkdtemp(join(tmpdir(), 'usergraph-export-'));
  return {
    ...cli,
    owner,
    workspaceId,
    users,
    folder,
    path: (name: string) => join(folder, name),
    export: (...command: string[]) => cli.run('export', ...command, '--workspace', workspaceId),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
      await cli[Symbol.asyncDispose]();
    },
  };
}

const lineOf = (uid: string) => `{"uid":"${uid}","uidUpdateable":false,"createdAt":"1970-01-01T00:00:00.000Z"}\n`;
const lines = lineOf('u1') + lineOf('u2') + lineOf('u3');

it('writes NDJSON to standard output, and the summary to standard error', async () => {
  await using cli = await openWithUsers();
  for (const target of [[], ['-']]) {
    const { stdout, stderr, code } = await cli.export('users', ...target);
    expect([code, stdout]).toEqual([0, lines]);
    expect(stderr).toMatch(/^Exported 3 users in \d s to standard output\.\n$/);
  }
  expect((await cli.export('lists', '--format', 'csv')).stdout).toBe('id,title,description,createdAt,archivedAt\n');
  const { stderr } = await cli.export('events', '--json');
  expect(summary.parse(JSON.parse(stderr))).toMatchObject({ type: 'events', file: '-', records: 0 });
});

it('writes files by their extensions, which only their owner can read', async () => {
  await using cli = await openWithUsers();
  const csv = cli.path('users.csv');
  const json = await cli.json(summary, 'export', 'users', csv, '--workspace', cli.workspaceId);
  expect(json).toMatchObject({ type: 'users', file: csv, records: 3 });
  expect(await readFile(csv, 'utf8')).toMatch(/^uid,uidUpdateable,firstName,.*,createdAt,devices,lists\nu1,false,/);
  expect((await stat(csv)).mode & 0o777).toBe(0o600);
  const compressed = cli.path('users.ndjson.gz');
  expect(await cli.export('users', compressed)).toEqual(ok(expect.stringMatching(/^Exported 3 users in .*\.gz\.\n$/)));
  expect(gunzipSync(await readFile(compressed)).toString()).toBe(lines);
  expect((await readdir(cli.folder)).sort()).toEqual(['users.csv', 'users.ndjson.gz']);
});

it('replaces an existing file only with --force, and a partial file always', async () => {
  await using cli = await openWithUsers();
  const path = cli.path('users.jsonl');
  await writeFile(`${path}.partial`, 'half');
  await writeFile(path, 'precious');
  expect(await cli.export('users', path)).toEqual(rejected('exists; use --force to replace it.'));
  expect(await readFile(path, 'utf8')).toBe('precious');
  expect(await cli.export('users', path, '--force')).toMatchObject({ code: 0 });
  expect(await readFile(path, 'utf8')).toBe(lines);
  expect(await readdir(cli.folder)).toEqual(['users.jsonl']);
});

it('takes the workspace of a key', async () => {
  await using cli = await openWithUsers();
  const { publicKey } = await createKey(cli.db, cli.workspaceId, ['users:read']);
  expect((await cli.run('export', 'users', '--key', publicKey)).stdout).toBe(lines);
  expect(await cli.run('export', 'users', '--key', 'pk_unknown')).toEqual(rejected('pk_unknown does not exist'));
});

it('exports the users who match a filter of GraphQL or are members of a segment', async () => {
  await using cli = await openWithUsers();
  const { owner, users } = cli;
  const [list, segment] = [await addList(owner), await addSegment(owner, 'Some')];
  const [, second, third] = users;
  if (!second || !third) throw new Error('Users are missing.');
  await addToList(owner, list, second);
  await addToSegment(owner, segment, third);
  const path = cli.path('filter.json');
  const uidsFor = async (filter: unknown) => {
    await writeFile(path, JSON.stringify(filter));
    const { stdout } = await cli.export('users', '--where', path);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).uid]));
  };
  expect(await uidsFor({ lists: { some: { listIds: [list.globalId] } } })).toEqual(['u2']);
  expect(await uidsFor({ or: [{ uid: { eq: 'u1' } }, { lists: { some: { listIds: [list.id] } } }] })).toEqual([
    'u1',
    'u2',
  ]);
  expect(await uidsFor({ createdAt: { lt: '1970-01-01T01:00:00+01:00' } })).toEqual([]);
  expect(await uidsFor({ devices: { none: { platform: 'IOS' } }, uid: { ne: 'u2' } })).toEqual(['u1', 'u3']);
  const { stdout } = await cli.export('users', '--segment', segment.id.toUpperCase());
  expect(stdout).toMatch(/^\{"uid":"u3",[^\n]*\n$/);
});

it('explains what is wrong with a filter', async () => {
  await using cli = await openWithUsers();
  const path = cli.path('filter.json');
  expect(await cli.export('users', '--where', path)).toEqual(rejected(`Cannot read ${path}`));
  const cases: [filter: string, reason: string][] = [
    ['{"uid": ', 'has no valid filter'],
    ['[]', 'has no valid filter: input: must be of type object'],
    [
      '{"plan": 1, "createdAt": {"lt": "yesterday"}, "lists": {"some": {"listIds": ["x"]}}}',
      'createdAt.lt: must be a valid date and time; lists.some.listIds.0: must be the id of a list; plan: is not a field of this object',
    ],
    [`${'{"not":'.repeat(50)}{}${'}'.repeat(50)}`, 'The filter'],
  ];
  for (const [filter, reason] of cases) {
    await writeFile(path, filter);
    expect(await cli.export('users', '--where', path)).toEqual(rejected(reason));
  }
});

it('rejects unknown workspaces, segments, formats and folders, and leaves no file behind', async () => {
  await using cli = await openWithUsers();
  expect(await cli.run('export', 'users')).toEqual(rejected('Specify --workspace or --key.'));
  expect(await cli.run('export', 'users', '--workspace', unknownWorkspaceId)).toEqual(rejected('does not exist'));
  expect(await cli.export('users', cli.path('a.csv'), '--segment', unknownWorkspaceId)).toEqual(
    rejected('Segment not found.'),
  );
  expect(await cli.export('users', cli.path('users.txt'))).toEqual(rejected('Use --format csv or --format ndjson'));
  expect(await cli.export('users', cli.path('none/users.csv'))).toEqual(rejected('Cannot write'));
  expect(await cli.export('events', '--where', 'x.json')).toEqual(rejected("unknown option '--where'"));
  expect(await readdir(cli.folder)).toEqual([]);
});

it('fails if standard output is closed, and deletes the snapshot', async () => {
  await using cli = await openWithUsers();
  const failed = await cli.runUnread('export', 'users', '--workspace', cli.workspaceId);
  expect(failed).toEqual(rejected('Cannot write to standard output'));
  expect(await cli.db.exportSnapshot.count()).toBe(0);
});
