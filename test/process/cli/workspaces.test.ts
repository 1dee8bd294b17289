import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createKey } from '../../../src/auth/keys.ts';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { openCli, rejected, unknownWorkspaceId, workspaceJson } from '../../kit/cli.ts';
import { ok } from '../../kit/program.ts';
import { seedEvents } from '../../kit/seed-rows.ts';

describe('workspaces', () => {
  it('are created and listed', async () => {
    await using cli = await openCli();
    expect(await cli.run('workspaces', 'list')).toEqual(ok('There are no workspaces.\n'));
    const created = await cli.json(workspaceJson, 'workspaces', 'create', ' Zürich Ltd ');
    expect(created.name).toBe('Zürich Ltd');
    const { stdout } = await cli.run('workspaces', 'create', 'Acme');

    expect(await cli.json(z.array(workspaceJson), 'workspaces', 'list')).toMatchObject([created, { name: 'Acme' }]);
    const [titles, first, second, ...rest] = (await cli.run('workspaces', 'list')).stdout.split('\n');
    expect(titles).toMatch(/^ID +CREATED +NAME$/);
    expect(first).toMatch(new RegExp(`^${created.id}   \\S+Z   Zürich Ltd$`));
    expect(stdout).toBe(`${titles}\n${second}\n`);
    expect(rest).toEqual(['']);
  });

  it.each([
    ['', 'It must not be empty.'],
    [' ', 'It must not be empty.'],
    ['x'.repeat(101), 'It must have at most 100 characters; got 101.'],
    ['a\nb', 'It must consist of printable characters.'],
  ])('reject the name %j', async (name, reason) => {
    await using cli = await openCli();
    expect(await cli.run('workspaces', 'create', name)).toEqual(rejected(reason));
  });

  it('are renamed', async () => {
    await using cli = await openCli();
    const created = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const renamed = await cli.json(workspaceJson, 'workspaces', 'rename', created.id, ' Acme Inc ');
    expect(renamed).toEqual({ ...created, name: 'Acme Inc' });
    expect(await cli.json(z.array(workspaceJson), 'workspaces', 'list')).toEqual([renamed]);
    expect(await cli.run('workspaces', 'rename', unknownWorkspaceId, 'x')).toEqual(
      rejected(`Workspace ${unknownWorkspaceId} does not exist.`),
    );
    expect(await cli.run('workspaces', 'rename', created.id, '')).toEqual(rejected('It must not be empty.'));
    expect(await cli.run('workspaces', 'rename', 'Acme', 'x')).toEqual(rejected('It must be a UUID.'));
  });
});

const deletionJson = workspaceJson.extend({
  activeKeys: z.int(),
  counts: z.record(z.string(), z.int()),
  isDeleted: z.boolean(),
});

/** A workspace with a user, events and a key. */
async function createAcme(db: DatabaseClient, events: number) {
  const { id } = await createWorkspace(db, 'Acme');
  const { publicKey } = await createKey(db, id, ['users:read']);
  await seedEvents(
    { db, workspaceId: id },
    1,
    Array.from({ length: events }, (_, place) => place),
  );
  return { id, publicKey };
}

describe('the deletion of a workspace', () => {
  it('only counts rows and active keys without --yes', async () => {
    await using cli = await openCli();
    const { id } = await createAcme(cli.db, 3);
    const { stdout, stderr, code } = await cli.run('workspaces', 'delete', id);
    expect(stdout).toMatch(
      new RegExp(`^Acme \\(${id}\\)\n\nDATA +ROWS\nevents +3\n[\\s\\S]*users +1\n[\\s\\S]*api keys +1\n`),
    );
    const refusal =
      'error: Nothing was deleted. 1 active key(s) would stop working. To delete the workspace, add --yes.\n';
    expect({ stderr, code }).toEqual({ stderr: refusal, code: 1 });
    const json = deletionJson.parse(JSON.parse((await cli.run('workspaces', 'delete', id, '--json')).stdout));
    expect(json).toMatchObject({ id, activeKeys: 1, counts: { events: 3, users: 1 }, isDeleted: false });
    expect(await cli.json(z.array(workspaceJson), 'workspaces', 'list')).toMatchObject([{ deletionRequestedAt: null }]);
    expect(await cli.run('workspaces', 'delete', unknownWorkspaceId)).toEqual(
      rejected(`Workspace ${unknownWorkspaceId} does not exist.`),
    );
  });

  it('prints the count, deletes everything and keeps other workspaces', { timeout: 60_000 }, async () => {
    await using cli = await openCli();
    const [{ id }, other] = [await createAcme(cli.db, 3), await createAcme(cli.db, 4)];
    const { stdout, stderr, code } = await cli.run('workspaces', 'delete', id, '--yes');
    expect({ stdout, code }).toEqual({
      stdout: expect.stringMatching(new RegExp(`^Acme [\\s\\S]*events +3\n[\\s\\S]*\nDeleted Acme \\(${id}\\)\\.\n$`)),
      code: 0,
    });
    expect(stderr).toContain('Its keys and tokens stop working within 10 seconds.');
    expect(await cli.json(z.array(workspaceJson), 'workspaces', 'list')).toMatchObject([{ id: other.id }]);
    expect([await cli.db.event.count(), await cli.db.user.count(), await cli.db.apiKey.count()]).toEqual([4, 1, 1]);
    expect(await cli.run('workspaces', 'delete', id, '--yes')).toEqual(rejected(`Workspace ${id} does not exist.`));
  });

  it('is continued after a SIGKILL, and meanwhile rejects changes', { timeout: 60_000 }, async () => {
    await using cli = await openCli();
    const { id, publicKey } = await createAcme(cli.db, 60_000);
    const child = spawn(process.execPath, ['src/cli/main.ts', 'workspaces', 'delete', id, '--yes'], {
      env: { ...process.env, ...cli.env },
      stdio: 'ignore',
    });
    await vi.waitFor(async () => expect(await cli.db.event.count()).toBeLessThan(60_000), { timeout: 30_000 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [workspace] = await cli.json(z.array(workspaceJson), 'workspaces', 'list');
    expect(workspace).toMatchObject({ id, deletionRequestedAt: expect.any(String) });
    expect((await cli.run('workspaces', 'list')).stdout).toContain('Acme (being deleted since ');
    const change = rejected(`Acme is being deleted. Continue with workspaces delete ${id} --yes.`);
    expect(await cli.run('keys', 'create', '--workspace', id)).toEqual(change);
    expect(await cli.run('keys', 'rotate', publicKey, '--workspace', id)).toEqual(change);
    expect(await cli.run('workspaces', 'rename', id, 'x')).toEqual(change);

    // The deletion began long ago, so that no gateway has the key in its cache.
    await cli.db.workspace.updateMany({ data: { deletionRequestedAt: new Date(0) } });
    expect(await cli.json(deletionJson, 'workspaces', 'delete', id, '--yes')).toMatchObject({ isDeleted: true });
    expect([await cli.db.workspace.count(), await cli.db.event.count(), await cli.db.user.count()]).toEqual([0, 0, 0]);
  });
});
