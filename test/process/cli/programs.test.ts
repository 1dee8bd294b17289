import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { openCli, startCli } from '../../kit/cli.ts';

/** Every command but `import`, whose tests start programs, and `distribute`, which needs Citus. They run in this order. */
const commands = [
  ['workspaces create Other', 'Other'],
  ['workspaces list', 'Acme'],
  ['workspaces rename WORKSPACE Renamed', 'Renamed'],
  ['keys create --workspace WORKSPACE', 'sk_'],
  ['keys list --workspace WORKSPACE', 'KEY'],
  ['keys update KEY --workspace WORKSPACE --name Website', 'Website'],
  ['keys limit KEY --workspace WORKSPACE --rate-limit 0', 'no limit'],
  ['keys rotate KEY --workspace WORKSPACE', 'sk_'],
  ['keys revoke KEY --workspace WORKSPACE', 'Revoked KEY'],
  ['audit list --workspace WORKSPACE', 'revokeKey'],
  ['users check-uids --workspace WORKSPACE', 'Every uid is valid'],
  ['attributes declare age number --workspace WORKSPACE', 'age'],
  ['attributes list --workspace WORKSPACE', 'number'],
  ['attributes undeclare age --workspace WORKSPACE', 'age'],
  ['indexes create updated-at', 'updated-at'],
  ['indexes list', 'updated-at'],
  ['indexes drop updated-at', 'updated-at'],
  ['partitions create --ahead 1', 'events_until_'],
  ['partitions list', 'events_until_'],
  ['partitions drop --older-than 12', 'No partition is older'],
  ['export users FOLDER/users.ndjson --workspace WORKSPACE', 'Exported 1 users'],
  ['export user ada --workspace WORKSPACE', 'ada'],
  ['deletions list --workspace WORKSPACE', 'No data of deleted users'],
  ['erase user ada --workspace WORKSPACE --yes', 'Erased'],
  ['workspaces delete WORKSPACE --yes', 'Deleted Renamed'],
] as const;

describe('as a program, ends and passes its output on:', () => {
  let cli: Awaited<ReturnType<typeof openCli>>;
  const values = { WORKSPACE: '', KEY: '', FOLDER: '' };
  const fill = (text: string) =>
    text.replaceAll(/WORKSPACE|KEY|FOLDER/g, (name) => values[name as keyof typeof values]);

  beforeAll(async () => {
    cli = await openCli();
    const { id } = await createWorkspace(cli.db, 'Acme');
    await createUser(cli.db, actorOf({ workspaceId: id }), { uid: 'ada' });
    const { publicKey } = await createKey(cli.db, id, ['users:read']);
    const FOLDER = await mkdtemp(join(tmpdir(), 'usergraph-cli-'));
    Object.assign(values, { WORKSPACE: id, KEY: publicKey, FOLDER });
  });
  afterAll(async () => {
    await rm(values.FOLDER, { recursive: true });
    await cli[Symbol.asyncDispose]();
  });

  it.each(commands)('%s', async (command, output) => {
    const outcome = await startCli(cli.env, ...fill(command).split(' '));
    expect(outcome).toMatchObject({ stdout: expect.stringContaining(fill(output)), code: 0 });
  });
});

it('passes on the exit code of a failure, and help', async () => {
  expect(await startCli({}, 'workspaces', 'list')).toMatchObject({ stdout: '', code: 1 });
  expect(await startCli({}, 'workspaces', 'list', '--all')).toMatchObject({ stdout: '', code: 1 });
  expect(await startCli({}, '--help')).toMatchObject({
    stdout: expect.stringContaining('Usage: '),
    stderr: '',
    code: 0,
  });
});
