import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DatabaseClient, openDatabase } from '../../../src/db/client.ts';
import { readChanges } from '../../../src/domain/changes/page.ts';
import { repairAfterRestore } from '../../../src/domain/changes/repair.ts';
import { computeAllAgain } from '../../../src/domain/segments/complete.ts';
import { WorkspaceSegments } from '../../../src/domain/segments/workspace-segments.ts';
import { CursorExpiredError } from '../../../src/domain/shared/errors.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { startOwnServer } from '../../kit/own-server.ts';
import { findDifferences } from '../../kit/segments/naive.ts';
import { define, settle, uidsIn, write } from '../../kit/segments/workspace.ts';

/** The version of Debian's PostgreSQL, and its programs; the embedded one has no pg_dump. They dump servers up to their version. */
const VERSION = 15;
const PROGRAMS = `/usr/lib/postgresql/${VERSION}/bin`;

/** Runs one of the programs. @throws {Error} with its error output if it fails. */
function runProgram(name: string, ...options: string[]): void {
  const { status, stderr } = spawnSync(join(PROGRAMS, name), options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
}

/** Whether `pg_dump` can dump a server. */
async function canDump(db: DatabaseClient): Promise<boolean> {
  const [server] = await db.$queryRaw<{ version: number }[]>`
    SELECT current_setting('server_version_num')::int / 10000 AS version`;
  return existsSync(PROGRAMS) && (server?.version ?? Infinity) <= VERSION;
}

it('continues the log and the segments of a dump that is restored on a new server of a newer version', {
  timeout: 60_000,
}, async ({ skip }) => {
  await using app = await startApp({ ownDatabase: true });
  const { db, workspaceId } = app;
  if (!(await canDump(db))) skip(`needs a server of PostgreSQL ${VERSION}, as in .ci/run, and its programs`);
  // Transaction ids that the new server has not reached: each subtransaction that writes gets one.
  await db.$executeRawUnsafe(`DO $$ BEGIN
    CREATE TEMPORARY TABLE written (n int);
    FOR n IN 1..20000 LOOP
      BEGIN INSERT INTO written VALUES (n); EXCEPTION WHEN division_by_zero THEN NULL; END;
    END LOOP;
  END $$`);
  for (const uid of ['ada', 'bob', 'eve']) await write(app, 'createUser', { uid, firstName: 'Ada' });
  const segmentId = await define(app, { firstName: { eq: 'Ada' } });
  await settle(app);
  const page = await readChanges(db, workspaceId, { first: 30 });
  // Consumed by no one before the dump.
  await write(app, 'updateUser', { uid: 'bob', firstName: 'Bob' });
  const recorded = await readChanges(db, workspaceId, { first: 30 });

  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'usergraph-dump-')), (path) => rm(path, { recursive: true }));
  const dump = join(folder, 'dump');
  runProgram('pg_dump', '--format=custom', `--file=${dump}`, app.connection.connectionString);
  const server = stack.use(await startOwnServer());
  await server.query('CREATE DATABASE restored');
  const url = server.url.replace('/usergraph?', '/restored?');
  runProgram('pg_restore', '--no-owner', '--exit-on-error', `--dbname=${url}`, dump);
  const restored = stack.adopt(openDatabase({ connectionString: url }), (opened) => opened.$disconnect());
  await repairAfterRestore(restored, {
    computeSegmentsAgain: (id) => computeAllAgain(restored, new WorkspaceSegments(id)),
  });

  const place = { ...app, db: restored };
  await expect(readChanges(restored, workspaceId, { after: page.cursor })).rejects.toThrow(CursorExpiredError);
  const { changes, cursor } = await readChanges(restored, workspaceId, { first: 30 });
  expect(changes.map(({ seq, action }) => [seq, action])).toEqual(
    recorded.changes.map(({ seq, action }) => [seq, action]),
  );
  await settle(place);
  expect(await uidsIn(place, segmentId)).toEqual(['ada', 'eve']);
  await updateUser(restored, actorOf(app), { uid: 'eve', firstName: 'Eve' });
  await settle(place);
  expect(await findDifferences(restored, workspaceId)).toEqual([]);
  const { changes: added } = await readChanges(restored, workspaceId, { first: 30, after: cursor });
  expect(added.map(({ action }) => action)).toEqual(['computeSegment', 'updateUser', 'exitSegment']);
});
