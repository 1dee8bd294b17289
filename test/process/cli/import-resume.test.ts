import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { runCli } from '../../kit/cli.ts';
import { openImportCli, spawnImport } from '../../kit/import-cli.ts';
import { startOwnServer } from '../../kit/own-server.ts';

/** Enough for several chunks. */
const EVENTS = 12_000;

/** Every hundredth event is rejected. */
const eventLines = () =>
  Array.from({ length: EVENTS }, (_, place) =>
    JSON.stringify({ uid: place % 100 === 0 ? 'nobody' : 'u1', name: 'Paid', value: place }),
  ).join('\n');

const WRITTEN = EVENTS * 0.99;

/** So slow that four processes do not complete the import within the delays before they are killed. */
const MAX_RATE = 5_000;
const MAX_DELAY_MS = 100;

type Cli = Awaited<ReturnType<typeof openImportCli>>;

async function prepare(cli: Cli) {
  await cli.importInput('{"uid":"u1"}', 'users', '-');
  return cli.file('events.ndjson', eventLines());
}

async function expectComplete(cli: Cli, path: string) {
  const [row] = await cli.db.query<{ count: number; distinct: number }[]>`/* countImportedEvents */
    SELECT count(*)::int, count(DISTINCT value)::int AS distinct FROM events`;
  expect(row).toEqual({ count: WRITTEN, distinct: WRITTEN });
  const lines = (await cli.rejected(path)).map(({ line }) => line);
  expect(lines).toEqual(Array.from({ length: EVENTS / 100 }, (_, place) => place * 100 + 1));
}

it('continues after kill -9 at random moments without losing or repeating a record', async () => {
  await using cli = await openImportCli();
  const path = await prepare(cli);
  const command = ['events', path, '--workspace', cli.workspaceId];
  for (let kill = 0; kill < 4; kill += 1) {
    const run = spawnImport(cli.env, ...command, '--max-rate', String(MAX_RATE), ...(kill > 0 ? ['--resume'] : []));
    const before = await cli.db.event.count();
    while ((await cli.db.event.count()) <= before && run.stderr() === '') await delay(5);
    await delay(Math.random() * MAX_DELAY_MS);
    run.kill('SIGKILL');
    await run.ended;
  }
  const refused = await cli.import('events', path);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/interrupted after [\d,]+ records.*--resume/),
  ]);
  const { stdout } = await cli.import('events', path, '--resume');
  expect(stdout).toContain(`Written: ${WRITTEN.toLocaleString('en-US')}\n`);
  await expectComplete(cli, path);
});

it('writes each record once when two processes import the same file', async () => {
  await using cli = await openImportCli();
  const path = await prepare(cli);
  // Slow enough not to have ended when the second process starts.
  const first = spawnImport(cli.env, 'events', path, '--workspace', cli.workspaceId, '--max-rate', '2000');
  while ((await cli.db.event.count()) === 0) await delay(5);
  expect((await cli.import('events', path)).stderr).toContain('is running, or was interrupted');
  const second = await cli.import('events', path, '--resume');
  const [code] = await first.ended;
  expect(second.code).toBe(0);
  // The first process has either been stopped, or had completed.
  if (code !== 0) expect(first.stderr()).toContain('another process continues the import');
  await expectComplete(cli, path);
});

it('stops after the current chunk at SIGINT, and says how to continue', async () => {
  await using cli = await openImportCli();
  const path = await prepare(cli);
  const run = spawnImport(cli.env, 'events', path, '--workspace', cli.workspaceId, '--max-rate', '2000');
  while ((await cli.db.event.count()) === 0) await delay(5);
  run.kill('SIGINT');
  expect(await run.ended).toEqual([1, null]);
  expect(run.stderr()).toMatch(/Interrupted\. Imported [\d,]+ records of .*; continue with --resume\./);
  await cli.import('events', path, '--resume');
  await expectComplete(cli, path);
});

it('continues after the database was killed and has started again', async () => {
  await using server = await startOwnServer();
  await using cli = await openImportCli();
  const path = await cli.file('events.ndjson', eventLines());
  const env = { DATABASE_URL: server.url };
  const users = await cli.file('users.ndjson', '{"uid":"u1"}\n');
  const workspace = ['--workspace', server.workspaceId];
  await runCli(env, 'import', 'users', users, ...workspace);
  const run = spawnImport(env, 'events', path, ...workspace);
  const count = async () => (await server.query('SELECT count(*)::int AS count FROM events'))[0]?.count;
  while ((await count()) === 0) await delay(5);
  await server.kill();
  expect(await run.ended).toEqual([1, null]);
  expect(run.stderr()).toContain('continue with --resume');
  await server.start();
  expect((await runCli(env, 'import', 'events', path, ...workspace, '--resume')).code).toBe(0);
  expect(await count()).toBe(WRITTEN);
});

it('continues an import only as its own actor, and starts it again if asked to', async () => {
  await using cli = await openImportCli();
  const path = await prepare(cli);
  const run = spawnImport(cli.env, 'events', path, '--workspace', cli.workspaceId, '--max-rate', '2000');
  while ((await cli.db.event.count()) === 0) await delay(5);
  run.kill('SIGINT');
  await run.ended;
  const written = await cli.db.event.count();
  const { publicKey } = await createKey(cli.db, cli.workspaceId, ['events:write']);
  const refused = await runCli(cli.env, 'import', 'events', path, '--key', publicKey, '--resume');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('was started by cli. Continue it as')]);
  expect(await cli.db.event.count()).toBe(written);
  const again = await cli.import('events', path, '--again');
  expect(again.stdout).toContain(`Written: ${WRITTEN.toLocaleString('en-US')}\n`);
  const jobs = await cli.db.transferJob.findMany({
    where: { kind: 'importEvents' },
    orderBy: { createdAt: 'asc' },
    select: { state: true, source: true },
  });
  expect(jobs).toEqual([
    { state: 'canceled', source: null },
    { state: 'completed', source: expect.any(String) },
  ]);
});
