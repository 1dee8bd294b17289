import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { runCli } from '../../kit/cli.ts';
import { copyPrisma, type EmptyDatabase, openEmptyDatabase } from '../../kit/migrations.ts';
import { ok, runProgram } from '../../kit/program.ts';

const [one, other] = ['01932f5e-0000-7000-8000-00000000000a', '01932f5e-0000-7000-8000-00000000000b'];
const idOf = (place: number) => `01932f5e-0000-7000-8000-0000000001${String(place).padStart(2, '0')}`;

/** The users: workspace, uid before and after the migration, and the reason that `check-uids` reports. */
const users: [workspace: string, before: string, after: string, reason?: string][] = [
  [one, 'ada@example.com', 'ada@example.com'],
  [one, 'Zoe\u0308', 'Zo\u00eb'],
  [one, 'Andre\u0301', 'Andre\u0301', `is not in Unicode normal form C, in which the user ${idOf(3)} has the same uid`],
  [one, 'Andr\u00e9', 'Andr\u00e9'],
  [other, 'Andre\u0301', 'Andr\u00e9'],
  [
    one,
    'q\u0323\u0307u\u0308',
    'q\u0323\u0307u\u0308',
    `is not in Unicode normal form C, in which the user ${idOf(6)} has the same uid`,
  ],
  [
    one,
    'q\u0307\u0323u\u0308',
    'q\u0307\u0323u\u0308',
    `is not in Unicode normal form C, in which the user ${idOf(5)} has the same uid`,
  ],
  [one, ' bo', ' bo', 'must not begin or end with white space'],
  [one, 'a\u200db', 'a\u200db', 'must not contain control, invisible or unassigned characters; got U+200D'],
  [other, 'e\u0301\u3164', '\u00e9\u3164', 'must not contain control, invisible or unassigned characters; got U+3164'],
  [other, 'a/b ', 'a/b ', 'must not begin or end with white space; must not contain "/"'],
];

/** Inserts the users into a database without the migration. */
async function fill(database: EmptyDatabase) {
  await using today = await copyPrisma();
  const names = await today.list();
  await using old = await copyPrisma({ until: names.find((name) => name.endsWith('_normalize_uids')) });
  await migrate(database, old.migrations);
  await database.rows(`INSERT INTO workspaces (workspace_id, name) VALUES ('${one}', 'One'), ('${other}', 'Other')`);
  for (const [place, [workspace, uid]] of users.entries()) {
    await database.rows(`INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
      VALUES ('${workspace}', '${idOf(place)}', '${uid}', now(), now())`);
  }
}

const faults = users.flatMap(([workspaceId, _before, uid, reason], place) =>
  reason === undefined ? [] : [{ workspaceId, id: idOf(place), uid, reason }],
);
const ofOne = faults.filter(({ workspaceId }) => workspaceId === one);

const hint =
  'Some users cannot be looked up by their uid, or share its Unicode normal form C with another user. To list them: npm run cli -- users check-uids\n';

describe('the migration of uids', () => {
  it('leaves uids that would collide unchanged and reports them', async () => {
    await using database = await openEmptyDatabase();
    await fill(database);
    const env = { DATABASE_URL: database.connectionString };
    const { stdout, code } = await runProgram('scripts/db-migrate.ts', [], { env });
    expect({ stdout, code }).toEqual({ stdout: expect.stringContaining(hint), code: 0 });
    expect((await database.rows('SELECT uid FROM users ORDER BY id')).map(({ uid }) => uid)).toEqual(
      users.map(([, , after]) => after),
    );

    const json = await runCli(env, 'users', 'check-uids', '--json');
    expect(JSON.parse(json.stdout)).toEqual([...ofOne, ...faults.filter((fault) => !ofOne.includes(fault))]);
    const oneOnly = await runCli(env, 'users', 'check-uids', '--workspace', one, '--json');
    expect(JSON.parse(oneOnly.stdout)).toEqual(ofOne);
    const { stdout: text } = await runCli(env, 'users', 'check-uids', '--workspace', one);
    expect(text.split('\n')[0]).toMatch(/^WORKSPACE +USER +UID +REASON$/);
    expect(text).toContain('"Andre\\u0301"');
    expect(text).toContain('"a\\u200db"');
    expect(await runProgram('scripts/db-migrate.ts', [], { env })).toEqual(ok('The database is up to date.\n'));
  });

  it('reports nothing if all uids are valid', async () => {
    await using database = await openEmptyDatabase();
    const env = { DATABASE_URL: database.connectionString };
    const { stdout } = await runProgram('scripts/db-migrate.ts', [], { env });
    expect(stdout).toMatch(/^(Applied \S+\n)+Applied \d+ migration\(s\)\.\n$/);
    expect(await runCli(env, 'users', 'check-uids')).toEqual(ok('Every uid is valid and in Unicode normal form C.\n'));
  });

  it('does nothing in a database that is not in UTF-8', async () => {
    await using server = await openEmptyDatabase();
    const name = `latin_${process.pid}_${Date.now()}`;
    // The default locale provider may support only UTF-8. PostgreSQL 14 has a single provider.
    const [{ provider } = {}] = await server.rows(
      "SELECT CASE WHEN current_setting('server_version_num')::int < 150000 THEN '' ELSE 'LOCALE_PROVIDER libc' END AS provider",
    );
    await server.rows(
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' ${provider} LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    try {
      const url = new URL(server.connectionString);
      url.pathname = `/${name}`;
      expect(await migrate({ connectionString: url.href })).toContain('20261127003400_normalize_uids');
    } finally {
      await server.rows(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});

it('checks a workspace with more users than one page', async () => {
  await using database = await openEmptyDatabase();
  await migrate(database);
  await database.rows(`INSERT INTO workspaces (workspace_id, name) VALUES ('${one}', 'One')`);
  await database.rows(`INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    SELECT '${one}', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'u' || n || CASE WHEN n % 6000 = 0 THEN ' ' ELSE '' END, now(), now()
    FROM generate_series(1, 12000) AS n`);
  const { stdout } = await runCli({ DATABASE_URL: database.connectionString }, 'users', 'check-uids', '--json');
  expect(JSON.parse(stdout).map(({ uid }: { uid: string }) => uid)).toEqual(['u6000 ', 'u12000 ']);
});

it('rejects an unknown workspace', async () => {
  await using database = await openEmptyDatabase();
  await migrate(database);
  const { stderr, code } = await runCli(
    { DATABASE_URL: database.connectionString },
    ...['users', 'check-uids', '--workspace', other],
  );
  expect([stderr, code]).toEqual([`error: Workspace ${other} does not exist.\n`, 1]);
});
