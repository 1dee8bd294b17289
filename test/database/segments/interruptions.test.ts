import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { type DatabaseClient, openDatabase } from '../../../src/db/client.ts';
import { deleteWorkspace, requestDeletion, workspaceTables } from '../../../src/domain/workspaces/delete.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { computeSegments } from '../../../src/jobs/compute-segments.ts';
import type { TestConnection } from '../../kit/database.ts';
import { addUser } from '../../kit/factories.ts';
import { checkHistory, findDifferences } from '../../kit/segments/naive.ts';
import { define, redefine, startWithJobs, write } from '../../kit/segments/workspace.ts';

/** Runs the job of two processes, each on a pool of its own, whose sessions have the name `job`. */
function runTwo(connection: TestConnection): AsyncDisposable {
  const url = new URL(connection.connectionString);
  url.searchParams.set('application_name', 'job');
  const jobs = [1, 2].map(() => {
    const db: DatabaseClient = openDatabase({ ...connection, connectionString: url.href }, { poolSize: 2 });
    return { db, job: computeSegments(db, pino({ level: 'silent' })) };
  });
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { db, job } of jobs) {
        await job.stop();
        await db.$disconnect();
      }
    },
  };
}

it('has correct members after its connections were terminated at random moments', { timeout: 60_000 }, async () => {
  await using app = await startWithJobs();
  const { db, workspaceId } = app;
  const names = ['Ada', 'Bob'];
  const field = await define(app, { firstName: { eq: 'Ada' } });
  await define(app, { segments: { none: { segmentIds: [field] } } });
  await define(app, { not: { appLastActiveAt: { within: 'PT1M' } } });
  const changed = await define(app, { firstName: { eq: 'Bob' } });
  await using _ = runTwo(app.connection);
  await expect.poll(() => findDifferences(db, workspaceId), { timeout: 10_000 }).toEqual([]);
  for (let round = 0; round < 40; round += 1) {
    const uid = `u${round % 10}`;
    const profile = {
      firstName: names[round % 3] ?? null,
      appLastActiveAt: new Date(Date.now() - 59_000).toISOString(),
    };
    await write(app, round < 10 ? 'createUser' : 'updateUser', { uid, ...profile });
    if (round % 10 === 0) await redefine(app, changed, { firstName: { eq: names[round % 4] ?? 'Eve' } });
    await delay(round % 7);
    if (round % 4 === 0) {
      await db.$queryRaw`
        SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
        WHERE application_name = 'job' AND datname = current_database() ORDER BY random() LIMIT 1`;
    }
    await delay(100);
  }
  await expect.poll(() => findDifferences(db, workspaceId), { timeout: 20_000 }).toEqual([]);
  const { faults, entered, exited } = await checkHistory(db, workspaceId);
  expect(faults).toEqual([]);
  expect(Math.min(entered, exited)).toBeGreaterThan(2);
});

it('leaves no rows of a workspace that is deleted concurrently', { timeout: 60_000 }, async () => {
  await using app = await startWithJobs();
  const { db } = app;
  const { id: workspaceId } = await createWorkspace(db, 'Deleted');
  const place = { db, workspaceId };
  for (let user = 0; user < 200; user += 1) await addUser(place, { uid: `u${user}`, firstName: 'Ada' });
  const where = { or: [{ firstName: { eq: 'Bob' } }, { createdAt: { within: 'P1D' } }] };
  await define(place, where);
  await using _ = runTwo(app.connection);
  await expect.poll(() => findDifferences(db, workspaceId), { timeout: 10_000 }).toEqual([]);
  await define(place, where);
  await requestDeletion(db, workspaceId);
  const stopping = new AbortController();
  // What a gateway that has not noticed the deletion writes.
  const writing = (async () => {
    while (!stopping.signal.aborted) {
      await db.$executeRaw`
        INSERT INTO changes (workspace_id, at, key_id, action, user_id)
        SELECT workspace_id, now(), 'test', 'createUser', id FROM users WHERE workspace_id = ${workspaceId}::uuid`;
      await delay(20);
    }
  })();
  const deleting = deleteWorkspace(db, workspaceId, { settleMs: 800, stepSize: 50 });
  await delay(400);
  stopping.abort();
  await writing;
  await deleting;
  for (const { name } of workspaceTables) {
    expect([name, await db.$queryRawUnsafe(`SELECT FROM ${name} WHERE workspace_id = '${workspaceId}'`)]).toEqual([
      name,
      [],
    ]);
  }
});
