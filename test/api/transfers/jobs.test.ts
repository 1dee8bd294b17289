import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { takeNextJob } from '../../../src/domain/transfer/queue.ts';
import { readStoredFile } from '../../../src/domain/transfer/stored-files.ts';
import { deleteExpiredTransfers, runTransfers } from '../../../src/jobs/run-transfers.ts';
import { startApp } from '../../kit/app.ts';
import { inject } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let jobs: ReturnType<typeof runTransfers> | undefined;

// The jobs of a database are shared by all workspaces.
beforeAll(async () => {
  app = await startApp({ ownApp: true, ownDatabase: true });
});
afterEach(() => jobs?.stop());
afterAll(() => app[Symbol.asyncDispose]());

const log = pino({ level: 'silent' });
const startJobs = () => {
  jobs = runTransfers(app.db, log);
};

interface JobBody {
  id: string;
  state: string;
  read: number;
  written: number;
  rejected: number;
  url: string | null;
  rejected_url: string | null;
  error: string | null;
  [name: string]: unknown;
}

async function rest(method: 'GET' | 'POST' | 'DELETE', path: string, payload?: string, type = 'application/json') {
  const headers = { authorization: app.owner, ...(payload === undefined ? {} : { 'content-type': type }) };
  const { status, body, ...rest } = await inject(app, {
    method,
    url: `/v1${path}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  return { status, body: body as JobBody, ...rest };
}

const upload = async (type: string, lines: object[]) =>
  (await rest('POST', `/imports/${type}`, lines.map((line) => JSON.stringify(line)).join('\n'), 'application/x-ndjson'))
    .body;

/** Waits until a job ends. */
async function endOf(direction: 'imports' | 'exports', id: string): Promise<JobBody> {
  let body: JobBody | undefined;
  await expect
    .poll(
      async () => {
        ({ body } = await rest('GET', `/${direction}/${id}`));
        return body.state;
      },
      { timeout: 20_000 },
    )
    .toMatch(/completed|failed/);
  if (!body) throw new Error('No job.');
  return body;
}

const download = async (url: string) => {
  const response = await app.app.inject({ method: 'GET', url });
  return { status: response.statusCode, headers: response.headers, bytes: response.rawPayload };
};

it('imports users, reports rejected ones, and exports all of them', async () => {
  startJobs();
  const users = Array.from({ length: 450 }, (_, number) => ({ uid: `i${number}`, firstName: `N${number}` }));
  const { id } = await upload('users', [...users, { uid: 'bad', email: 'no address' }]);
  const ended = await endOf('imports', id);
  expect(ended).toMatchObject({ state: 'completed', read: 451, written: 450, rejected: 1, error: null });
  const rejected = await download('/v1/imports/x');
  expect(rejected.status).toBe(401);
  const lines = await app.app.inject({
    url: String(ended.rejected_url),
    headers: { authorization: app.owner },
  });
  expect(JSON.parse(lines.payload)).toMatchObject({
    line: 451,
    errors: [{ path: ['email'], code: 'INVALID_EMAIL' }],
    record: { uid: 'bad', email: 'no address' },
  });

  const { body: started } = await rest('POST', '/exports', JSON.stringify({ type: 'users', gzip: true }));
  const exported = await endOf('exports', started.id);
  expect(exported).toMatchObject({ state: 'completed', records_total: 450, records_written: 450 });
  const file = await download(String(exported.url));
  expect(file.headers['content-disposition']).toBe('attachment; filename="users.ndjson.gz"');
  const uids = gunzipSync(file.bytes)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).uid);
  expect(uids).toEqual(users.map(({ uid }) => uid));
  expect((await download(String(exported.url).replace(/.{10}$/, 'AAAAAAAAAA'))).status).toBe(404);
}, 30_000);

it('exports only users who match a filter, as CSV', async () => {
  startJobs();
  const where = { uid: { eq: 'i7' }, created_at: { gte: '2020-01-01T00:00:00Z' } };
  const { body } = await rest('POST', '/exports', JSON.stringify({ type: 'users', format: 'csv', where }));
  const { url } = await endOf('exports', body.id);
  const [header, line, ...others] = (await download(String(url))).bytes.toString().trimEnd().split('\n');
  expect(header).toContain('uid,');
  expect([line, others]).toEqual([expect.stringContaining('i7,'), []]);
}, 30_000);

it('rejects unknown fields of an export, which could be a misspelled filter', async () => {
  const filter = { uid: { eq: 'i7' } };
  const { status, body } = await rest('POST', '/exports', JSON.stringify({ type: 'users', filter }));
  expect({ status, body }).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION_FAILED', issues: [{ path: ['filter'], code: 'UNKNOWN_FIELD' }] },
  });
});

it('names parameters of HTTP in the error of an import', async () => {
  startJobs();
  const { body } = await rest('POST', '/imports/users', 'uid;Umsatz\nu1;1,5\n', 'text/csv');
  expect((await endOf('imports', body.id)).error).toContain('Map each with map[]=Umsatz=meta.Umsatz');
}, 30_000);

it('shows jobs in GraphQL', async () => {
  startJobs();
  const { id } = await upload('events', [
    { uid: 'i1', name: 'Paid' },
    { uid: 'nobody', name: 'Paid' },
  ]);
  await endOf('imports', id);
  const { data } = await app.send(
    `query ($id: ID!) { importJob(id: $id) {
      type state writtenCount rejectedCount rejectedRecords { line issues { code } record } } }`,
    { id },
  );
  expect(data).toEqual({
    importJob: {
      type: 'EVENTS',
      state: 'COMPLETED',
      writtenCount: 1,
      rejectedCount: 1,
      rejectedRecords: [{ line: 2, issues: [{ code: 'NOT_FOUND' }], record: '{"uid":"nobody","name":"Paid"}' }],
    },
  });
}, 30_000);

it('says why a file cannot be imported', async () => {
  startJobs();
  const { body } = await rest('POST', '/imports/users', 'uid,wrong column\nu1,1\n', 'text/csv');
  expect(await endOf('imports', body.id)).toMatchObject({
    state: 'failed',
    written: 0,
    error: expect.stringContaining('Unknown columns: "wrong column"'),
  });
}, 30_000);

it('continues the job of a process that was killed, without losing or repeating records', async () => {
  const events = Array.from({ length: 1_000 }, (_, number) => ({ uid: 'i2', name: 'Once', value: number }));
  const { id } = await upload('events', events);
  startJobs();
  await expect.poll(async () => (await rest('GET', `/imports/${id}`)).body.written, { interval: 5 }).toBeGreaterThan(0);
  await jobs?.stop();
  const { body } = await rest('GET', `/imports/${id}`);
  expect(body.state).toBe('waiting');
  // A process that takes it and is killed.
  expect((await takeNextJob(app.db, '0190a000-0000-7000-8000-000000000001'))?.id).toBe(id);
  await app.db.$executeRaw`UPDATE transfer_jobs SET heartbeat_at = now() - interval '1 minute' WHERE id = ${id}::uuid`;
  startJobs();
  expect(await endOf('imports', id)).toMatchObject({ state: 'completed', read: 1_000, written: 1_000 });
  const [row] = await app.db.$queryRaw<object[]>`
    SELECT count(*)::int AS count, count(DISTINCT value)::int AS values FROM events WHERE name = 'Once'`;
  expect(row).toEqual({ count: 1_000, values: 1_000 });
}, 30_000);

it('runs at most two jobs of a workspace at the same time, and those of others first', async () => {
  const ids: string[] = [];
  for (let number = 0; number < 3; number += 1) ids.push((await upload('lists', [{ title: 'L' }])).id);
  const taken = [];
  for (let number = 0; number < 3; number += 1)
    taken.push((await takeNextJob(app.db, '0190a000-0000-7000-8000-000000000002'))?.id);
  expect(taken).toEqual([ids[0], ids[1], undefined]);
  await app.db.$executeRaw`UPDATE transfer_jobs SET state = 'waiting', heartbeat_at = now() WHERE state = 'running'`;
  startJobs();
  for (const id of ids) await endOf('imports', id);
}, 30_000);

it('does not take a second job of a workspace for a place that is reserved for others', async () => {
  const ids = [];
  for (let number = 0; number < 2; number += 1) ids.push((await upload('lists', [{ title: 'L' }])).id);
  const owner = '0190a000-0000-7000-8000-000000000003';
  expect((await takeNextJob(app.db, owner, 1))?.id).toBe(ids[0]);
  expect(await takeNextJob(app.db, owner, 1)).toBeUndefined();
  await app.db.$executeRaw`UPDATE transfer_jobs SET state = 'waiting' WHERE state = 'running'`;
  startJobs();
  for (const id of ids) await endOf('imports', id);
}, 30_000);

it('deletes the imported file at the end', async () => {
  startJobs();
  const { id } = await upload('lists', [{ title: 'L' }, {}]);
  await endOf('imports', id);
  const parts = () => app.db.$queryRaw`SELECT part::text FROM transfer_chunks WHERE job_id = ${id}::uuid`;
  await expect.poll(parts).toEqual([{ part: 'rejected' }]);
}, 30_000);

it('fails a download whose file is deleted meanwhile', async () => {
  startJobs();
  const { id } = await upload('lists', [{ title: 'L' }]);
  await endOf('imports', id);
  for (const number of [0, 1, 2]) {
    await app.db.$executeRaw`
      INSERT INTO transfer_chunks (workspace_id, job_id, part, number, data)
      VALUES (${app.workspaceId}::uuid, ${id}::uuid, 'rejected', ${number}, 'x')`;
  }
  const file = readStoredFile(app.db, { workspaceId: app.workspaceId, id }, 'rejected');
  await file.next();
  await app.db.$executeRaw`DELETE FROM transfer_chunks WHERE job_id = ${id}::uuid AND number = 1`;
  await expect(file.next()).rejects.toThrow('The file was deleted while it was being read.');
}, 30_000);

it('fails a job that ends every process that runs it', async () => {
  const { id } = await upload('lists', [{ title: 'L' }]);
  const dies = () =>
    app.db.$executeRaw`UPDATE transfer_jobs SET heartbeat_at = now() - interval '1 minute' WHERE id = ${id}::uuid`;
  let taken = 0;
  while (taken < 10 && (await takeNextJob(app.db, '0190a000-0000-7000-8000-000000000004'))) {
    taken += 1;
    await dies();
  }
  expect(taken).toBe(6);
  await deleteExpiredTransfers(app.db).step(1, 0);
  expect((await rest('GET', `/imports/${id}`)).body).toMatchObject({
    state: 'failed',
    error: '5 processes ended while they ran the job.',
  });
});

it('keeps the reason of a failure that contains NUL', async () => {
  startJobs();
  const { body } = await rest('POST', '/imports/users', 'uid,meta.a\0,meta.a\0\nu1,1,2\n', 'text/csv');
  expect(await endOf('imports', body.id)).toMatchObject({ state: 'failed', error: expect.stringContaining('meta.a') });
}, 30_000);

it('deletes expired jobs with their files', async () => {
  await app.db.$executeRaw`UPDATE transfer_jobs SET expires_at = now()`;
  const job = deleteExpiredTransfers(app.db);
  for (let step = 0; step < 20 && (await job.step(2, 0)); step += 1);
  const [row] = await app.db.$queryRaw<object[]>`
    SELECT (SELECT count(*)::int FROM transfer_jobs) AS jobs, (SELECT count(*)::int FROM transfer_chunks) AS chunks`;
  expect(row).toEqual({ jobs: 0, chunks: 0 });
});
