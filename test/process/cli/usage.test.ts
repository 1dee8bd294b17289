import { describe, expect, it } from 'vitest';
import { rejected, runCli } from '../../kit/cli.ts';
import { createEmptyDatabase } from '../../kit/database.ts';

describe('help', () => {
  it.each([
    [[], 'workspaces create "Acme Ltd"'],
    [['workspaces'], 'workspaces create "Acme Ltd"'],
    [['workspaces', 'create'], 'workspaces create "Acme Ltd"'],
    [['workspaces', 'list'], 'workspaces list --json'],
    [['keys'], 'keys revoke pk_'],
    [['keys', 'create'], 'keys create --scopes users:read'],
    [['keys', 'list'], 'keys list --workspace'],
    [['keys', 'limit'], 'keys limit pk_'],
    [['keys', 'update'], 'keys update pk_'],
    [['keys', 'rotate'], 'keys rotate pk_'],
    [['workspaces', 'rename'], 'workspaces rename 0'],
    [['workspaces', 'delete'], 'workspaces delete 0'],
    [['keys', 'revoke'], 'keys revoke pk_'],
    [['audit'], 'audit list --workspace'],
    [['audit', 'list'], 'audit list --workspace'],
    [['attributes'], 'attributes declare age number'],
    [['attributes', 'list'], 'attributes list --json'],
    [['attributes', 'declare'], 'attributes declare renewsOn date-time'],
    [['attributes', 'undeclare'], 'attributes undeclare age'],
    [['import'], 'import users users.csv'],
    [['import', 'events'], 'import events events.ndjson.gz'],
    [['indexes'], 'indexes list'],
    [['indexes', 'create'], 'indexes create attribute-text'],
  ])('of %j has examples and needs no database', async (command, example) => {
    const { stdout, stderr, code } = await runCli({}, ...command, '--help');
    expect(stdout).toMatch(/^Usage: npm run cli -- /);
    expect(stdout).toContain(`npm run cli -- ${example}`);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  it.each([[[]], [['workspaces']], [['keys']], [['audit']]])(
    'is printed for %j without a subcommand',
    async (command) => {
      const { stdout, stderr, code } = await runCli({}, ...command);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toContain('Commands:');
    },
  );
});

describe('a failure prints one line to stderr and exits with code 1', () => {
  it.each([
    ['an unknown command', ['workspaces', 'creat'], "unknown command 'creat'"],
    ['an unknown option', ['workspaces', 'list', '--all'], "unknown option '--all'"],
    ['a missing argument', ['workspaces', 'create'], "missing required argument 'NAME'"],
    ['no DATABASE_URL', ['workspaces', 'list'], 'DATABASE_URL is not set.'],
  ])('with %s', async (_case, command, reason) => {
    expect(await runCli({}, ...command)).toEqual(rejected(reason));
  });

  it.each([
    ['mysql://127.0.0.1/usergraph', 'DATABASE_URL: '],
    ['postgres://someone:hidden@127.0.0.1:1/usergraph', '127.0.0.1:1/usergraph: connect ECONNREFUSED 127.0.0.1:1'],
  ])('with the database %s', async (DATABASE_URL, reason) => {
    const failed = await runCli({ DATABASE_URL }, 'workspaces', 'list');
    expect(failed).toEqual(rejected(reason));
    expect(failed.stderr).not.toContain('hidden');
  });

  it('with a database that does not exist or is not migrated', async () => {
    await using database = await createEmptyDatabase();
    const url = new URL(database.connectionString);
    const unmigrated = await runCli({ DATABASE_URL: url.href }, 'workspaces', 'list');
    expect(unmigrated).toEqual(rejected('Run npm run db:migrate first.'));
    url.pathname = '/nowhere';
    const missing = await runCli({ DATABASE_URL: url.href }, 'workspaces', 'list');
    expect(missing).toEqual(rejected('database "nowhere" does not exist'));
  });
});
