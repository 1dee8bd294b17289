import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAuthenticator } from '../../../src/auth/authenticate.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { keyJson, newKeyJson, openCli, rejected, unknownWorkspaceId, workspaceJson } from '../../kit/cli.ts';
import { ok } from '../../kit/program.ts';

describe('keys', () => {
  it('have every scope by default and authenticate callers', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const { stdout, stderr, code } = await cli.run('keys', 'create', '--workspace', id);

    const lines = new Map(stdout.split('\n').map((line) => [line.slice(0, 13).trimEnd(), line.slice(13)]));
    expect(lines.get('Workspace')).toBe('Acme');
    expect(lines.get('Scopes')).toBe(scopes.join(', '));
    expect({ stderr, code }).toEqual({ stderr: expect.stringContaining('cannot be shown again'), code: 0 });
    const basic = Buffer.from(`${lines.get('Public key')}:${lines.get('Secret')}`).toString('base64');
    const viewer = await createAuthenticator(cli.db)(`Basic ${basic}`);
    expect(viewer).toMatchObject({ workspaceId: id, scopes: new Set(scopes) });
  });

  it('are created with chosen scopes, listed and revoked', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    expect(await cli.run('keys', 'list', ...workspace)).toEqual(ok('Acme has no keys.\n'));
    const chosenScopes = ['--scopes', 'users:read, events:read,users:read'];
    const { secret, ...key } = await cli.json(newKeyJson, 'keys', 'create', ...workspace, ...chosenScopes);
    expect(key.scopes).toEqual(['users:read', 'events:read']);
    await cli.run('keys', 'create', ...workspace);

    expect(await cli.json(z.array(keyJson), 'keys', 'list', ...workspace)).toMatchObject([key, { revokedAt: null }]);
    const listed = (await cli.run('keys', 'list', ...workspace)).stdout;
    expect(listed).toMatch(
      /^PUBLIC KEY +CREATED +REVOKED +POINTS PER MINUTE +SCOPES\npk_\S+ +\S+Z +- +default \/ default +users:read, events:read\npk_.+ all\n$/,
    );
    expect(listed).not.toContain(secret);

    const { stdout } = await cli.run('keys', 'revoke', ...workspace, key.publicKey);
    expect(stdout).toMatch(/^Revoked pk_\S+ at \S+Z\. Running gateways may accept it for up to 10 more seconds\.\n$/);
    const revoked = await cli.json(keyJson, 'keys', 'revoke', ...workspace, key.publicKey);
    expect(revoked.revokedAt).not.toBeNull();
    expect(await cli.json(z.array(keyJson), 'keys', 'list', ...workspace)).toMatchObject([
      revoked,
      { revokedAt: null },
    ]);
  });

  it('are created with their own rate limits, which can be changed', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const limits = ['--rate-limit', '600000', '--rate-limit-public', '0'];
    const { secret: _, ...key } = await cli.json(newKeyJson, 'keys', 'create', ...workspace, ...limits);
    expect(key).toMatchObject({ rateLimit: 600_000, rateLimitPublic: 0 });
    expect((await cli.run('keys', 'list', ...workspace)).stdout).toContain('  600000 / no limit  ');
    const limit = ['keys', 'limit', ...workspace, key.publicKey];
    const { stdout } = await cli.run(...limit, '--rate-limit', 'default');
    const limited = 'default / no limit. Running gateways apply it within 10 seconds.';
    expect(stdout).toBe(`Points per minute of ${key.publicKey}: ${limited}\n`);
    expect(await cli.json(keyJson, ...limit, '--rate-limit-public', '2')).toEqual({
      ...key,
      rateLimit: null,
      rateLimitPublic: 2,
    });
  });

  it('reject invalid rate limits, and a change without an option', async () => {
    await using cli = await openCli();
    const limit = ['keys', 'limit', 'pk_x', '--workspace', unknownWorkspaceId];
    expect(await cli.run(...limit)).toEqual(rejected('Specify --rate-limit, --rate-limit-public, or both.'));
    for (const points of ['1', '-5', 'many', '1000000001']) {
      const problem = 'It must be "default", 0 (no limit), or an integer from 2 to 1000000000.';
      expect(await cli.run(...limit, `--rate-limit=${points}`)).toEqual(rejected(problem));
    }
  });

  it('reject unknown scopes and name the valid ones', async () => {
    await using cli = await openCli();
    for (const list of ['users:read,users:fly', ',']) {
      const answer = await cli.run('keys', 'create', '--workspace', unknownWorkspaceId, '--scopes', list);
      expect(answer).toEqual(rejected(`; the scopes are ${scopes.join(', ')}.`));
    }
  });

  it.each(['create', 'list', 'limit', 'revoke'])(
    '%s rejects a missing, malformed or unknown workspace',
    async (verb) => {
      await using cli = await openCli();
      const key = { limit: ['pk_x', '--rate-limit', '0'], revoke: ['pk_x'] }[verb] ?? [];
      const command = ['keys', verb, ...key];
      expect(await cli.run(...command)).toEqual(rejected("required option '--workspace <ID>' not specified"));
      expect(await cli.run(...command, '--workspace', 'acme')).toEqual(rejected('It must be a UUID.'));
      expect(await cli.run(...command, '--workspace', unknownWorkspaceId)).toEqual(
        rejected(`Workspace ${unknownWorkspaceId} does not exist.`),
      );
    },
  );

  it('cannot be revoked from another workspace or by secret', async () => {
    await using cli = await openCli();
    const mine = await cli.json(workspaceJson, 'workspaces', 'create', 'Mine');
    const theirs = await cli.json(workspaceJson, 'workspaces', 'create', 'Theirs');
    const { publicKey, secret } = await cli.json(newKeyJson, 'keys', 'create', '--workspace', theirs.id);
    const revoke = ['keys', 'revoke', '--workspace', mine.id];
    expect(await cli.run(...revoke, publicKey)).toEqual(rejected(`Mine has no key ${publicKey}.`));
    expect(await cli.run(...revoke, secret)).toEqual(rejected('It must be a public key, such as pk_demo.'));
  });

  it.runIf(process.platform === 'linux')('are not kept if the secret could not be printed', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    expect(await cli.runUnread('keys', 'create', '--workspace', id)).toEqual(rejected('write EPIPE'));
    expect(await cli.json(z.array(keyJson), 'keys', 'list', '--workspace', id)).toEqual([]);
  });
});
