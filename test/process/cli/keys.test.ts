import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAuthenticator } from '../../../src/auth/authenticate.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { keyJson, newKeyJson, openCli, rejected, unknownWorkspaceId, workspaceJson } from '../../kit/cli.ts';
import { ok } from '../../kit/program.ts';

describe('keys', () => {
  it('are created with every scope, and let a caller in', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const { stdout, stderr, code } = await cli.run('keys', 'create', '--workspace', id);

    const facts = new Map(stdout.split('\n').map((line) => [line.slice(0, 13).trimEnd(), line.slice(13)]));
    expect(facts.get('Workspace')).toBe('Acme');
    expect(facts.get('Scopes')).toBe(scopes.join(', '));
    expect({ stderr, code }).toEqual({ stderr: expect.stringContaining('shown this once'), code: 0 });
    const basic = Buffer.from(`${facts.get('Public key')}:${facts.get('Secret')}`).toString('base64');
    const viewer = await createAuthenticator(cli.db)(`Basic ${basic}`);
    expect(viewer).toMatchObject({ workspaceId: id, scopes: new Set(scopes) });
  });

  it('are created with some scopes, listed and revoked', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    expect(await cli.run('keys', 'list', ...workspace)).toEqual(ok('Acme has no keys yet.\n'));
    const few = ['--scopes', 'users:read, events:read,users:read'];
    const { secret, ...key } = await cli.json(newKeyJson, 'keys', 'create', ...workspace, ...few);
    expect(key.scopes).toEqual(['users:read', 'events:read']);
    await cli.run('keys', 'create', ...workspace);

    expect(await cli.json(z.array(keyJson), 'keys', 'list', ...workspace)).toMatchObject([key, { revokedAt: null }]);
    const listed = (await cli.run('keys', 'list', ...workspace)).stdout;
    expect(listed).toMatch(
      /^PUBLIC KEY +CREATED +REVOKED +POINTS A MINUTE +SCOPES\npk_\S+ +\S+Z +- +default \/ default +users:read, events:read\npk_.+ all\n$/,
    );
    expect(listed).not.toContain(secret);

    const { stdout } = await cli.run('keys', 'revoke', ...workspace, key.publicKey);
    expect(stdout).toMatch(/^Revoked pk_\S+ at \S+Z; a running gateway may take it for another 10 seconds\.\n$/);
    const revoked = await cli.json(keyJson, 'keys', 'revoke', ...workspace, key.publicKey);
    expect(revoked.revokedAt).not.toBeNull();
    expect(await cli.json(z.array(keyJson), 'keys', 'list', ...workspace)).toMatchObject([
      revoked,
      { revokedAt: null },
    ]);
  });

  it('are created with limits of their own, which may be changed', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const limits = ['--rate-limit', '600000', '--rate-limit-public', '0'];
    const { secret: _, ...key } = await cli.json(newKeyJson, 'keys', 'create', ...workspace, ...limits);
    expect(key).toMatchObject({ rateLimit: 600_000, rateLimitPublic: 0 });
    expect((await cli.run('keys', 'list', ...workspace)).stdout).toContain('  600000 / no limit  ');
    const limit = ['keys', 'limit', ...workspace, key.publicKey];
    const { stdout } = await cli.run(...limit, '--rate-limit', 'default');
    const now = 'default / no limit; in a running gateway within 10 seconds.';
    expect(stdout).toBe(`Points a minute of ${key.publicKey}: ${now}\n`);
    expect(await cli.json(keyJson, ...limit, '--rate-limit-public', '2')).toEqual({
      ...key,
      rateLimit: null,
      rateLimitPublic: 2,
    });
  });

  it('are not limited to nothing, to one point, or by no option', async () => {
    await using cli = await openCli();
    const limit = ['keys', 'limit', 'pk_x', '--workspace', unknownWorkspaceId];
    expect(await cli.run(...limit)).toEqual(rejected('Give --rate-limit or --rate-limit-public, or both.'));
    for (const points of ['1', '-5', 'many', '1000000001']) {
      const fault = 'It must be default, 0 for no limit, or a whole number from 2.';
      expect(await cli.run(...limit, `--rate-limit=${points}`)).toEqual(rejected(fault));
    }
  });

  it('refuses unknown scopes, naming the known ones', async () => {
    await using cli = await openCli();
    for (const given of ['users:read,users:fly', ',']) {
      const answer = await cli.run('keys', 'create', '--workspace', unknownWorkspaceId, '--scopes', given);
      expect(answer).toEqual(rejected(`; the scopes are ${scopes.join(', ')}.`));
    }
  });

  it.each(['create', 'list', 'limit', 'revoke'])(
    '%s refuses a workspace that is left out, malformed or unknown',
    async (verb) => {
      await using cli = await openCli();
      const key = { limit: ['pk_x', '--rate-limit', '0'], revoke: ['pk_x'] }[verb] ?? [];
      const command = ['keys', verb, ...key];
      expect(await cli.run(...command)).toEqual(rejected("required option '--workspace <ID>' not specified"));
      expect(await cli.run(...command, '--workspace', 'acme')).toEqual(rejected('It must be a UUID.'));
      expect(await cli.run(...command, '--workspace', unknownWorkspaceId)).toEqual(
        rejected(`There is no workspace ${unknownWorkspaceId}.`),
      );
    },
  );

  it("refuses to revoke another workspace's key, or a secret", async () => {
    await using cli = await openCli();
    const mine = await cli.json(workspaceJson, 'workspaces', 'create', 'Mine');
    const theirs = await cli.json(workspaceJson, 'workspaces', 'create', 'Theirs');
    const { publicKey, secret } = await cli.json(newKeyJson, 'keys', 'create', '--workspace', theirs.id);
    const revoke = ['keys', 'revoke', '--workspace', mine.id];
    expect(await cli.run(...revoke, publicKey)).toEqual(rejected(`Mine has no key ${publicKey}.`));
    expect(await cli.run(...revoke, secret)).toEqual(rejected('It must be a public key, such as pk_demo.'));
  });

  it.runIf(process.platform === 'linux')('are not kept where the secret could not be shown', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    expect(await cli.runUnread('keys', 'create', '--workspace', id)).toEqual(rejected('write EPIPE'));
    expect(await cli.json(z.array(keyJson), 'keys', 'list', '--workspace', id)).toEqual([]);
  });
});
