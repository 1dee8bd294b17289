import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAuthenticator } from '../../../src/auth/authenticate.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import {
  keyJson,
  newKeyJson,
  openCli,
  rejected,
  rotatedKeyJson,
  runCli,
  unknownWorkspaceId,
  workspaceJson,
} from '../../kit/cli.ts';
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
      /^PUBLIC KEY +NAME +STATE +CREATED +EXPIRES +POINTS PER MINUTE +SCOPES\npk_\S+ +- +active +\S+Z +- +default \/ default +users:read, events:read\npk_.+ all\n$/,
    );
    expect(listed).not.toContain(secret);

    const { stdout } = await cli.run('keys', 'revoke', ...workspace, key.publicKey);
    expect(stdout).toMatch(/^Revoked pk_\S+ at \S+Z\. Running gateways may accept it for up to 10 more seconds\.\n$/);
    const revoked = await cli.json(keyJson, 'keys', 'revoke', ...workspace, key.publicKey);
    expect(revoked).toMatchObject({ state: 'revoked', revokedAt: expect.any(String) });
    expect((await cli.run('keys', 'list', ...workspace)).stdout).toMatch(/\npk_\S+ +- +revoked \S+Z +/);
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

  it('have names and expire, and can be changed', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const expiry = ['--expires-at', '2999-01-31'];
    const { secret: _, ...key } = await cli.json(
      newKeyJson,
      'keys',
      'create',
      ...workspace,
      '--name',
      ' Ünit ',
      ...expiry,
    );
    expect(key).toMatchObject({ name: 'Ünit', state: 'active', expiresAt: '2999-01-31T00:00:00.000Z' });
    const update = ['keys', 'update', ...workspace, key.publicKey];
    const changed = await cli.json(keyJson, ...update, '--name', 'Website', '--scopes', 'events:write');
    expect(changed).toEqual({ ...key, name: 'Website', scopes: ['events:write'] });
    expect(await cli.json(keyJson, ...update, '--expires-at', 'never')).toEqual({ ...changed, expiresAt: null });
    const soon = await cli.json(keyJson, ...update, '--expires-in', '90d');
    const days = (Date.parse(soon.expiresAt ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days * 100) / 100).toBe(90);
    await cli.db.apiKey.updateMany({ data: { expiresAt: new Date(0) } });
    const [titles, row] = (await cli.run('keys', 'list', ...workspace)).stdout.split('\n');
    expect([titles, row]).toEqual([
      expect.stringContaining('NAME'),
      expect.stringMatching(/^pk_\S+ +Website +expired +\S+Z +1970-01-01T00:00:00Z +default \/ default +events:write$/),
    ]);
    const { stdout } = await cli.run(...update, '--expires-in', '1h');
    expect(stdout).toMatch(/ Website +active .*\nRunning gateways apply it within 10 seconds\.\n$/);
  });

  it('are rotated, with an overlap of 24 hours by default', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const key = await cli.json(newKeyJson, 'keys', 'create', ...workspace);
    const rotate = ['keys', 'rotate', ...workspace, key.publicKey];
    const rotated = await cli.json(rotatedKeyJson, ...rotate);
    const { publicKey, secret, previous } = rotated;
    expect([publicKey, previous]).toEqual([key.publicKey, { publicKey, expiresAt: rotated.previousSecretExpiresAt }]);
    expect(Math.round((Date.parse(previous.expiresAt) - Date.now()) / 60_000)).toBe(24 * 60);
    const authenticate = createAuthenticator(cli.db);
    const logIn = (password: string) =>
      authenticate(`Basic ${Buffer.from(`${publicKey}:${password}`).toString('base64')}`);
    expect(await logIn(key.secret)).toEqual(await logIn(secret));
    expect((await cli.run('keys', 'list', ...workspace)).stdout).toMatch(/ active; previous secret until \S+Z /);
    await cli.run('keys', 'update', ...workspace, key.publicKey, '--expires-in', '1h');
    // The previous secret does not outlive its key.
    expect((await cli.run('keys', 'list', ...workspace)).stdout).toMatch(/ previous secret until (\S+Z) +\S+Z +\1 /);

    expect(await cli.run(...rotate, '--overlap', '1h')).toEqual(
      rejected(`The previous secret of ${publicKey} is valid until ${previous.expiresAt}.`),
    );
    const { stdout, stderr } = await cli.run(...rotate, '--overlap', '0', '--expires-in', '90d');
    expect(stdout).toMatch(
      /^Workspace +Acme\n[\s\S]*Secret +sk_\S+\n[\s\S]*Expires +\S+Z\n[\s\S]*Within 10 seconds, running gateways accept the new secret and reject the previous one\.\n$/,
    );
    expect(stderr).toContain('cannot be shown again');
    const newest = /Secret +(sk_\S+)/.exec(stdout)?.[1] ?? '';
    const later = createAuthenticator(cli.db);
    const outcomes = [key.secret, secret, newest].map((password) =>
      later(`Basic ${Buffer.from(`${publicKey}:${password}`).toString('base64')}`).then(
        () => 'accepted',
        () => 'rejected',
      ),
    );
    expect(await Promise.all(outcomes)).toEqual(['rejected', 'rejected', 'accepted']);
  });

  it('are replaced together with their public key', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const key = await cli.json(newKeyJson, 'keys', 'create', ...workspace, '--name', 'App', '--scopes', 'events:write');
    const rotate = ['keys', 'rotate', ...workspace, key.publicKey, '--public-key', '--overlap', '7d'];
    const next = await cli.json(rotatedKeyJson, ...rotate);
    expect(next).toMatchObject({ name: 'App', scopes: ['events:write'], expiresAt: null });
    expect(next.publicKey).not.toBe(key.publicKey);
    const listed = await cli.json(z.array(keyJson), 'keys', 'list', ...workspace);
    expect(listed.map(({ publicKey, expiresAt }) => ({ publicKey, expiresAt }))).toEqual([
      next.previous,
      { publicKey: next.publicKey, expiresAt: null },
    ]);
    expect(next.previous.publicKey).toBe(key.publicKey);
  });

  it.runIf(process.platform === 'linux')('are not rotated if the secret could not be printed', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    const workspace = ['--workspace', id];
    const { secret: _, ...key } = await cli.json(newKeyJson, 'keys', 'create', ...workspace);
    for (const options of [[], ['--public-key']]) {
      const answer = await cli.runUnread('keys', 'rotate', ...workspace, key.publicKey, ...options);
      expect(answer).toEqual(rejected('write EPIPE'));
    }
    expect(await cli.json(z.array(keyJson), 'keys', 'list', ...workspace)).toEqual([key]);
  });

  it.each([
    [['create', '--name', ''], 'It must not be empty.'],
    [['create', '--name', 'x'.repeat(101)], 'It must have at most 100 characters; got 101.'],
    [
      ['create', '--expires-in', '90'],
      'It must be an integer with a unit (s, m, h, d or w), such as 30m, 24h or 90d, up to 3650d.',
    ],
    [['create', '--expires-in', '0d'], 'It must be an integer with a unit'],
    [['create', '--expires-in', '3651d'], 'up to 3650d.'],
    [['create', '--expires-at', '2020-01-31'], 'It must be in the future.'],
    [['create', '--expires-at', 'soon'], 'It must be a date, such as 2026-01-31'],
    [['create', '--expires-at', 'never', '--expires-in', '1d'], 'cannot be used with option'],
    [['rotate', 'pk_x', '--overlap', 'long'], 'It must be 0, or an integer with a unit'],
    [['rotate', 'pk_x', '--overlap', '-1h'], 'It must be 0, or an integer with a unit'],
  ])('reject %j', async (command, reason) => {
    const [verb = '', ...options] = command;
    expect(await runCli({}, 'keys', verb, ...options, '--workspace', unknownWorkspaceId)).toEqual(rejected(reason));
  });

  it('reject invalid rate limits, and a change without an option', async () => {
    await using cli = await openCli();
    const limit = ['keys', 'limit', 'pk_x', '--workspace', unknownWorkspaceId];
    expect(await cli.run(...limit)).toEqual(rejected('Specify --rate-limit, --rate-limit-public, or both.'));
    const update = ['keys', 'update', 'pk_x', '--workspace', unknownWorkspaceId];
    expect(await cli.run(...update)).toEqual(rejected('Specify --name, --scopes, --expires-in or --expires-at.'));
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

  it.each(['create', 'list', 'update', 'limit', 'rotate', 'revoke'])(
    '%s rejects a missing, malformed or unknown workspace',
    async (verb) => {
      await using cli = await openCli();
      const arguments_ = { limit: ['pk_x', '--rate-limit', '0'], update: ['pk_x', '--name', 'x'] };
      const key = { ...arguments_, rotate: ['pk_x'], revoke: ['pk_x'] }[verb] ?? [];
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
    const rotate = ['keys', 'rotate', '--workspace', mine.id];
    for (const command of [revoke, rotate, [...rotate, '--public-key']]) {
      expect(await cli.run(...command, publicKey)).toEqual(rejected(`Mine has no key ${publicKey}.`));
    }
    expect(await cli.run(...revoke, secret)).toEqual(rejected('It must be a public key, such as pk_demo.'));
  });

  it.runIf(process.platform === 'linux')('are not kept if the secret could not be printed', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    expect(await cli.runUnread('keys', 'create', '--workspace', id)).toEqual(rejected('write EPIPE'));
    expect(await cli.json(z.array(keyJson), 'keys', 'list', '--workspace', id)).toEqual([]);
  });
});
