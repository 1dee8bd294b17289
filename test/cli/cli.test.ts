import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAuthenticate } from '../../src/auth/authenticate.ts';
import { scopes } from '../../src/auth/scopes.ts';
import { createDatabase, createEmptyDatabase } from '../kit/database.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const unknown = '016f5e66-e800-7000-8000-000000000000';

const workspaceJson = z.strictObject({ id: z.uuid(), name: z.string(), createdAt: z.iso.datetime() });
const keyJson = z.strictObject({
  id: z.uuid(),
  publicKey: z.string().regex(/^pk_/),
  scopes: z.array(z.string()),
  createdAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
});
const newKeyJson = keyJson.extend({ secret: z.string().regex(/^sk_/) });

describe('workspaces', () => {
  it('are created and listed', async () => {
    await using cli = await openCli();
    expect(await cli.run('workspaces', 'list')).toEqual(ok('There are no workspaces yet.\n'));
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
    ['x'.repeat(101), 'It must have at most 100 characters.'],
    ['a\nb', 'It must be printable.'],
  ])('refuses the name %j', async (name, reason) => {
    await using cli = await openCli();
    expect(await cli.run('workspaces', 'create', name)).toEqual(fails(reason));
  });
});

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
    const viewer = await createAuthenticate(cli.db)(`Basic ${basic}`);
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
      /^PUBLIC KEY +CREATED +REVOKED +SCOPES\npk_\S+ +\S+Z +- +users:read, events:read\npk_.+ all\n$/,
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

  it('refuses unknown scopes, naming the known ones', async () => {
    await using cli = await openCli();
    for (const given of ['users:read,users:fly', ',']) {
      const refused = await cli.run('keys', 'create', '--workspace', unknown, '--scopes', given);
      expect(refused).toEqual(fails(`; the scopes are ${scopes.join(', ')}.`));
    }
  });

  it.each(['create', 'list', 'revoke'])(
    '%s refuses a workspace that is left out, malformed or unknown',
    async (verb) => {
      await using cli = await openCli();
      const command = ['keys', verb, ...(verb === 'revoke' ? ['pk_x'] : [])];
      expect(await cli.run(...command)).toEqual(fails("required option '--workspace <ID>' not specified"));
      expect(await cli.run(...command, '--workspace', 'acme')).toEqual(fails('It must be a UUID.'));
      expect(await cli.run(...command, '--workspace', unknown)).toEqual(fails(`There is no workspace ${unknown}.`));
    },
  );

  it("refuses to revoke another workspace's key, or a secret", async () => {
    await using cli = await openCli();
    const mine = await cli.json(workspaceJson, 'workspaces', 'create', 'Mine');
    const theirs = await cli.json(workspaceJson, 'workspaces', 'create', 'Theirs');
    const { publicKey, secret } = await cli.json(newKeyJson, 'keys', 'create', '--workspace', theirs.id);
    const revoke = ['keys', 'revoke', '--workspace', mine.id];
    expect(await cli.run(...revoke, publicKey)).toEqual(fails(`Mine has no key ${publicKey}.`));
    expect(await cli.run(...revoke, secret)).toEqual(fails('It must be a public key, such as pk_demo.'));
  });

  it.runIf(process.platform === 'linux')('are not kept where the secret could not be shown', async () => {
    await using cli = await openCli();
    const { id } = await cli.json(workspaceJson, 'workspaces', 'create', 'Acme');
    expect(await cli.runUnread('keys', 'create', '--workspace', id)).toEqual(fails('write EPIPE'));
    expect(await cli.json(z.array(keyJson), 'keys', 'list', '--workspace', id)).toEqual([]);
  });
});

describe('help', () => {
  it.each([
    [[], 'workspaces create "Acme Ltd"'],
    [['workspaces'], 'workspaces create "Acme Ltd"'],
    [['workspaces', 'create'], 'workspaces create "Acme Ltd"'],
    [['workspaces', 'list'], 'workspaces list --json'],
    [['keys'], 'keys revoke pk_'],
    [['keys', 'create'], 'keys create --scopes users:read'],
    [['keys', 'list'], 'keys list --workspace'],
    [['keys', 'revoke'], 'keys revoke pk_'],
  ])('of %j has examples, and needs no database', async (command, example) => {
    const { stdout, stderr, code } = await runCli({}, ...command, '--help');
    expect(stdout).toMatch(/^Usage: npm run cli -- /);
    expect(stdout).toContain(`npm run cli -- ${example}`);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  it.each([[[]], [['workspaces']], [['keys']]])('answers %j without a command', async (command) => {
    const { stdout, stderr, code } = await runCli({}, ...command);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toContain('Commands:');
  });
});

describe('a failure is one line on stderr and exit code 1', () => {
  it.each([
    ['an unknown command', ['workspaces', 'creat'], "unknown command 'creat'"],
    ['an unknown option', ['workspaces', 'list', '--all'], "unknown option '--all'"],
    ['a missing argument', ['workspaces', 'create'], "missing required argument 'NAME'"],
    ['no database', ['workspaces', 'list'], 'DATABASE_URL is not set.'],
  ])('with %s', async (_case, command, reason) => {
    expect(await runCli({}, ...command)).toEqual(fails(reason));
  });

  it.each([
    ['mysql://127.0.0.1/usergraph', 'DATABASE_URL: '],
    ['postgres://someone:hidden@127.0.0.1:1/usergraph', "127.0.0.1:1/usergraph: Can't reach database server"],
  ])('with the database %s', async (DATABASE_URL, reason) => {
    const failed = await runCli({ DATABASE_URL }, 'workspaces', 'list');
    expect(failed).toEqual(fails(reason));
    expect(failed.stderr).not.toContain('hidden');
  });

  it('with a database that is not there, or not migrated', async () => {
    await using database = await createEmptyDatabase();
    const url = new URL(database.connectionString);
    const unmigrated = await runCli({ DATABASE_URL: url.href }, 'workspaces', 'list');
    expect(unmigrated).toEqual(fails('Run npm run db:migrate first.'));
    url.pathname = '/nowhere';
    const missing = await runCli({ DATABASE_URL: url.href }, 'workspaces', 'list');
    expect(missing).toEqual(fails('database "nowhere" does not exist'));
  });
});

interface Outcome {
  stdout: string;
  stderr: string;
  code: number;
}

const ok = (stdout: string): Outcome => ({ stdout, stderr: '', code: 0 });

/** One line with the reason, and nothing else. */
function fails(reason: string) {
  const escaped = reason.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return { stdout: '', stderr: expect.stringMatching(new RegExp(`^error: .*${escaped}.*\\n$`)), code: 1 };
}

/** The CLI on a migrated database of its own. */
async function openCli() {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.connection.connectionString };
  return {
    db: database.db,
    run: (...command: string[]) => runCli(env, ...command),
    /** Runs it with an output that nobody reads. */
    runUnread: (...command: string[]) => finish(startCli(env, command), true),
    async json<Schema extends z.ZodType>(schema: Schema, ...command: string[]): Promise<z.output<Schema>> {
      return schema.parse(JSON.parse((await runCli(env, ...command, '--json')).stdout));
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

const runCli = (env: NodeJS.ProcessEnv, ...command: string[]) => finish(startCli(env, command));

function startCli(env: NodeJS.ProcessEnv, command: string[]) {
  const { DATABASE_URL: _unset, ...inherited } = process.env;
  return spawn(process.execPath, [main, ...command], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
}

async function finish(child: ReturnType<typeof startCli>, unread = false): Promise<Outcome> {
  if (unread) child.stdout.destroy();
  const [stdout, stderr, [code]] = await Promise.all([
    unread ? '' : text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code: z.number().parse(code) };
}
