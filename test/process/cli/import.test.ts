import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { runCli } from '../../kit/cli.ts';
import { openImportCli } from '../../kit/import-cli.ts';

const LIST = '0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';

/** 300 people of a spreadsheet, of whom every 33rd row is broken, and the last three repeat the first ones. */
const spreadsheet = () => {
  const rows = Array.from({ length: 300 }, (_, place) => {
    const uid = `p${place % 297}`;
    if (place % 33 === 1) return `${uid};Ada`;
    return `${uid};"Müller; ""${place}""";a${place}@example.com;"1.234,${place}";31.12.1999;"one\r\ntwo"`;
  });
  return `\ufeffuid;Nachname;E-Mail;Umsatz;Geburtstag;Notiz\r\n${rows.join('\r\n')}\r\n`;
};

const SPREADSHEET_OPTIONS = ['--map', 'Nachname=lastName', '--unknown-to-meta', '--decimal', 'comma', '--dates', 'dmy'];

it('imports people from a spreadsheet, and their corrected rejected records', async () => {
  await using cli = await openImportCli();
  const path = await cli.file('people.csv', spreadsheet());
  const { stdout, stderr, code } = await cli.import('users', path, ...SPREADSHEET_OPTIONS);
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^Read: 300 records in .*\nWritten: 290 \(288 created, 2 updated by this run\)\nRejected: 10\n {2}10 × must have 6 cells, as the header has\n/,
    ),
  ]);
  expect(stderr).toMatch(/Umsatz +meta.Umsatz +number +1.234,0\n/);
  const user = await cli.db.user.findFirstOrThrow({ where: { uid: 'p5' } });
  expect(user).toMatchObject({
    lastName: 'Müller; "5"',
    email: 'a5@example.com',
    meta: { Umsatz: 1234.5, Geburtstag: '1999-12-31', Notiz: 'one\r\ntwo' },
  });
  const rejected = await cli.rejected(path);
  expect(rejected[0]).toMatchObject({
    // Two lines for each record before.
    line: 4,
    errors: [{ path: [], code: 'WRONG_CELL_COUNT' }],
    record: 'p1;Ada',
  });
  // Without a correction, they are rejected again.
  const rejectedPath = `${path}.rejected.ndjson`;
  expect((await cli.import('users', rejectedPath)).stdout).toContain('Rejected: 10\n');
  const fixed = (await readFile(rejectedPath, 'utf8')).replaceAll(/"(p\d+);Ada"/g, '"$1;Ada;;1.000,5;1.2.1990;"');
  await writeFile(rejectedPath, fixed);
  expect((await cli.import('users', rejectedPath)).stdout).toContain('Written: 10 ');
  expect(await cli.db.user.findFirstOrThrow({ where: { uid: 'p1' } })).toMatchObject({
    lastName: 'Ada',
    meta: { Umsatz: 1000.5, Geburtstag: '1990-02-01' },
  });
});

it('imports lists, users with devices and memberships, and events, as exports write them', async () => {
  await using cli = await openImportCli();
  const times = { createdAt: '2020-01-02T03:04:05.678Z', archivedAt: '2021-01-02T03:04:05.678Z' };
  const lists = await cli.file('lists.ndjson', `${JSON.stringify({ id: LIST, title: 'News', ...times })}\n`);
  const user = {
    uid: 'ada@example.com',
    email: 'ada@example.com',
    uidUpdateable: true,
    createdAt: times.createdAt,
    devices: [
      { token: 'old', platform: 'ios', lastSeenAt: '2019-01-01T00:00:00.000Z' },
      { token: 'new', platform: 'android', lastSeenAt: '2019-01-02T00:00:00.000Z' },
    ],
    lists: [{ id: LIST, subscribed: false, joinedAt: '2020-02-01T00:00:00.000Z' }],
  };
  // The same address, which must not take the uid of the first user.
  const other = { uid: 'u2', email: 'ada@example.com', uidUpdateable: false };
  const users = await cli.file(
    'users.ndjson.gz',
    gzipSync([user, other].map((each) => JSON.stringify(each)).join('\n')),
  );
  const events = await cli.file(
    'events.csv',
    'uid,name,value:number,timestamp,properties.plan:string\nu2,Paid,5,2020-01-01,pro\nnobody,Paid,1,,\nu2,,x,,\n',
  );
  expect((await cli.import('lists', lists)).stdout).toContain('Written: 1 (1 created');
  expect((await cli.import('users', users)).stdout).toContain('Written: 2 (2 created');
  expect((await cli.import('events', events)).stdout).toContain('Written: 1\n');
  expect(await cli.rejected(events)).toMatchObject([
    { line: 3, errors: [{ code: 'NOT_FOUND' }] },
    {
      line: 4,
      errors: [
        { path: ['value'], code: 'INVALID_NUMBER_CELL' },
        { path: ['name'], code: 'INVALID_TYPE', message: 'is required' },
      ],
      record: { uid: 'u2', 'value:number': 'x' },
    },
  ]);
  const stored = await cli.db.user.findMany({
    orderBy: { uid: 'asc' },
    include: { devices: { orderBy: { token: 'asc' } }, lists: true },
  });
  expect(stored).toMatchObject([
    {
      uid: 'ada@example.com',
      uidUpdateable: true,
      createdAt: new Date(times.createdAt),
      devices: [
        { token: 'new', platform: 'android', lastSeenAt: new Date('2019-01-02') },
        { token: 'old', platform: 'ios', lastSeenAt: new Date('2019-01-01') },
      ],
      lists: [{ listId: LIST, subscribed: false, joinedAt: new Date('2020-02-01') }],
    },
    { uid: 'u2', uidUpdateable: false },
  ]);
  expect(await cli.db.event.findMany()).toMatchObject([
    { name: 'Paid', value: 5, timestamp: new Date('2020-01-01'), properties: { plan: 'pro' } },
  ]);
  expect(await cli.db.list.findMany()).toMatchObject([
    { id: LIST, createdAt: new Date(times.createdAt), archivedAt: new Date(times.archivedAt) },
  ]);
});

it('changes nothing when the same file is imported again, unless it is asked to', async () => {
  await using cli = await openImportCli();
  await cli.importInput('{"uid":"u1"}', 'users', '-');
  const path = await cli.file('events.csv', 'uid,name\nu1,Paid\nu1,Paid\n');
  const count = () => cli.db.event.count();
  await cli.import('events', path);
  const again = await cli.import('events', path);
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/was already imported on .*Nothing to do/)]);
  expect(JSON.parse((await cli.import('events', path, '--json', '--resume')).stdout)).toMatchObject({
    status: 'already-imported',
    written: 2,
  });
  expect(await count()).toBe(2);
  await cli.import('events', path, '--again');
  expect(await count()).toBe(4);
  expect((await cli.import('events', path)).stdout).toContain('already imported');
  // Other options can write other rows.
  await cli.import('events', path, '--dates', 'dmy');
  expect(await count()).toBe(6);
});

it('validates a file without writing, and reports all errors of a record', async () => {
  await using cli = await openImportCli();
  const path = await cli.file(
    'users.ndjson',
    `{"uid":"u1"}\n{"uid":"","email":"x","lists":["${LIST}"]}\n{"uid":"u2","lists":["${LIST}"]}\n`,
  );
  const { stdout, code } = await cli.import('users', path, '--dry-run', '--json', '--strict');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'valid', read: 3, valid: 1, rejected: 2 });
  expect(await cli.rejected(path)).toMatchObject([
    { line: 2, errors: [{ path: ['uid'] }, { path: ['email'] }] },
    { line: 3, errors: [{ code: 'NOT_FOUND' }] },
  ]);
  expect(await cli.db.user.count()).toBe(0);
  expect((await cli.import('users', path)).stdout).toContain('Written: 1 ');
});

it('imports standard input, which cannot be resumed', async () => {
  await using cli = await openImportCli();
  const input = 'uid\nu1\nu2\n';
  for (const summary of ['2 created, 0 updated', '0 created, 2 updated']) {
    expect((await cli.importInput(input, 'users', '-')).stdout).toContain(summary);
  }
  const failed = await cli.importInput('uid;colour\nu3;red\n', 'users', '-');
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringContaining('standard input: Unknown columns: "colour"'),
  ]);
});

it('keeps what precedes the damage of a file', async () => {
  await using cli = await openImportCli();
  const lines = Array.from({ length: 20_000 }, (_, place) => `{"uid":"u${place}"}`).join('\n');
  const path = await cli.file('users.ndjson.gz', gzipSync(lines).subarray(0, 20_000));
  const { stderr, code } = await cli.import('users', path);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/The gzip file is truncated\. Imported [1-9][\d,]* records/),
  ]);
  expect(await cli.db.user.count()).toBeGreaterThan(0);
});

it('imports with the scopes of a key, into its workspace only', async () => {
  await using cli = await openImportCli();
  const { id: other } = await createWorkspace(cli.db, 'Other');
  const full = await createKey(cli.db, other, ['users:identify', 'users:write', 'events:write']);
  const events = await createKey(cli.db, other, ['events:write']);
  await cli.importInput('{"uid":"u1","firstName":"Ada"}', 'users', '-');
  const path = await cli.file('users.ndjson', `{"uid":"u1"}\n{"uid":"u2","lists":["${LIST}"]}\n`);
  const importAs = (key: string, ...more: string[]) => runCli(cli.env, 'import', 'users', path, '--key', key, ...more);
  expect((await importAs(full.publicKey)).stdout).toContain('Written: 1 (1 created');
  expect(await cli.rejected(path)).toMatchObject([{ errors: [{ code: 'NOT_FOUND' }] }]);
  expect(
    await cli.db.user.findMany({ orderBy: { uid: 'asc' }, select: { workspaceId: true, firstName: true } }),
  ).toEqual(
    expect.arrayContaining([
      { workspaceId: cli.workspaceId, firstName: 'Ada' },
      { workspaceId: other, firstName: null },
    ]),
  );
  const change = await cli.db.change.findFirstOrThrow({ where: { workspaceId: other, action: 'createUser' } });
  expect(change.keyId).toBe(full.id);
  expect((await importAs(events.publicKey, '--dates', 'dmy')).stderr).toContain('requires the scope users:identify');
  // Not even a job: only the import of the first key has one.
  expect(await cli.db.transferJob.count({ where: { workspaceId: other } })).toBe(1);
  expect((await importAs('pk_unknown')).stderr).toContain('The key pk_unknown does not exist.');
  expect((await runCli(cli.env, 'import', 'users', path)).stderr).toContain('Specify --workspace or --key.');
});
