import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { inject } from '../../kit/rest.ts';

const app = await startApp({ ownApp: true, ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.transferJob.deleteMany();
  await addUser(app, { uid: 'ada' });
});

const id = '0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a11';

interface Job {
  kind?: 'importUsers' | 'exportUsers';
  state?: 'waiting' | 'completed' | 'failed' | 'canceled';
  options?: object;
  downloadToken?: string;
  error?: string;
  workspaceId?: string;
}

/** Adds a stored job with a file of three chunks, kept for a day if it has ended. */
async function addJob({ kind = 'importUsers', state = 'completed', workspaceId = app.workspaceId, ...rest }: Job) {
  const end = state === 'waiting' ? {} : { completedAt: new Date(), expiresAt: new Date(Date.now() + 86_400_000) };
  const counts = { recordsRead: 7, written: 5, rejected: 2 };
  await app.db.transferJob.create({
    data: {
      workspaceId,
      id,
      kind,
      state,
      keyId: 'cli',
      isStored: true,
      createdAt: new Date(),
      ...counts,
      ...end,
      ...rest,
    },
  });
  const part = kind === 'importUsers' ? 'input' : 'output';
  await app.db.transferChunk.createMany({
    data: [0, 1, 2].map((number) => ({ workspaceId, jobId: id, part, number, data: Buffer.from('ada') })),
  });
}

/** Deletes the user, and erases in steps of `stepSize` rows. @returns the chunks that each step has left. */
async function erase(stepSize?: number): Promise<number[]> {
  await deleteUser(app.db, actorOf(app), 'ada');
  const left: number[] = [];
  while (await runErasureStep(app.db, stepSize)) left.push(await app.db.transferChunk.count());
  return left;
}

const readJob = () => app.db.transferJob.findFirst();

describe('jobs that have ended', () => {
  it('lose their files in bounded steps, and keep their state and counts', async () => {
    await addJob({ options: { map: { A: 'uid' } } });
    const before = await readJob();
    // The first step also erases a change.
    expect(await erase(2)).toEqual([2, 0, 0]);
    expect(await readJob()).toEqual(before);
    const headers = { authorization: app.owner };
    expect(await inject(app, { method: 'GET', url: `/v1/imports/${id}`, headers })).toMatchObject({
      status: 200,
      body: { state: 'completed', written: 5, rejected: 2 },
    });
  });

  it('lose the filter, which may name the user, with the message of the error', async () => {
    await addJob({
      kind: 'exportUsers',
      state: 'failed',
      options: { format: 'csv', gzip: false, where: { uid: { eq: 'ada' } } },
      error: 'ada',
    });
    await erase();
    const job = await readJob();
    expect(job).toMatchObject({ state: 'failed', error: null, written: 5n });
    expect(job?.options).toEqual({});
  });

  it('keep other options and the message of the error', async () => {
    const kept = { state: 'failed', options: { format: 'csv' }, error: 'The file is empty.' } as const;
    await addJob(kept);
    await erase();
    expect(await readJob()).toMatchObject(kept);
  });

  it('cannot be downloaded', async () => {
    await addJob({ kind: 'exportUsers', options: { format: 'csv', gzip: false }, downloadToken: 'token' });
    await erase();
    expect(await readJob()).toMatchObject({ state: 'completed', downloadToken: null });
    const headers = { authorization: app.owner };
    expect(await inject(app, { method: 'GET', url: `/v1/exports/${id}`, headers })).toMatchObject({
      status: 200,
      body: { state: 'completed', url: null },
    });
  });
});

it('lets the files of unfinished jobs be deleted at their end', async () => {
  await addJob({ state: 'waiting', options: { where: { uid: { eq: 'ada' } } } });
  expect((await erase()).at(-1)).toBe(3);
  const job = await readJob();
  expect(job).toMatchObject({ state: 'waiting', options: { where: { uid: { eq: 'ada' } } } });
  expect(job?.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
});

it('does not touch the jobs of other workspaces', async () => {
  await addJob({ workspaceId: app.stranger.workspaceId, options: { where: {} }, downloadToken: 'token' });
  const before = await readJob();
  expect((await erase()).at(-1)).toBe(3);
  expect(await readJob()).toEqual(before);
});
