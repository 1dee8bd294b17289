import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { MAX_PENDING_JOBS } from '../../../src/domain/transfer/queue.ts';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  app = await startListening({ limits: { arrivalMs: 600, headersMs: 300, requestMs: 300, importBytes: 100_000 } });
});
afterAll(() => app[Symbol.asyncDispose]());
beforeEach(async () => {
  await app.db.$executeRaw`DELETE FROM transfer_jobs`;
});

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${app.port}/v1${path}`, {
    ...init,
    headers: { authorization: app.owner, ...init.headers },
  });
  const content = await response.text();
  const body = response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(content) : undefined;
  return { status: response.status, headers: response.headers, content, body };
}

const ndjson = { 'content-type': 'application/x-ndjson' };
const upload = (body: BodyInit, headers: Record<string, string> = {}, path = '/imports/users') =>
  call(path, { method: 'POST', headers: { ...ndjson, ...headers }, body });

/** The stored file of a job. */
async function storedFile(id: string) {
  const chunks = await app.db.$queryRaw<{ data: Uint8Array }[]>`
    SELECT data FROM transfer_chunks WHERE job_id = ${id}::uuid ORDER BY number`;
  return Buffer.concat(chunks.map(({ data }) => data));
}

const countJobs = async () => {
  const [row] = await app.db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM transfer_jobs WHERE completed_at IS NULL`;
  return row?.count;
};

it.each(['users', 'events', 'lists'])('stores an upload of %s and answers with its job', async (type) => {
  const { status, headers, body } = await upload('{"uid":"u1"}\n', {}, `/imports/${type}`);
  expect([status, body]).toMatchObject([202, { type, state: 'waiting', written: 0, rejected_url: null, error: null }]);
  expect(headers.get('location')).toBe(`/v1/imports/${body.id}`);
  expect((await call(`/imports/${body.id}`)).body).toEqual(body);
  expect(gunzipSync(await storedFile(body.id)).toString()).toBe('{"uid":"u1"}\n');
});

it('stores compressed uploads as they are', async () => {
  const file = gzipSync('{"uid":"u1"}\n');
  const { body } = await upload(new Uint8Array(file), { 'content-encoding': 'gzip' });
  expect(await storedFile(body.id)).toEqual(file);
  expect(body.bytes_total).toBe(file.length);
});

it('recognizes a compressed file without a header', async () => {
  const file = gzipSync('{"uid":"u1"}\n');
  const { body } = await upload(new Uint8Array(file));
  expect(await storedFile(body.id)).toEqual(file);
});

it('rejects other encodings and media types', async () => {
  const encoded = await upload('x', { 'content-encoding': 'br' });
  expect([encoded.status, encoded.body.code]).toEqual([415, 'BAD_USER_INPUT']);
  for (const type of ['application/json', 'text/plain']) {
    const { status, body } = await upload('x', { 'content-type': type });
    expect([status, body.error]).toEqual([
      415,
      `Content-Type must be text/csv or application/x-ndjson or application/jsonl; got ${type}.`,
    ]);
  }
  expect((await call('/imports/users', { method: 'POST' })).status).toBe(415);
  expect(await countJobs()).toBe(0);
});

it('rejects a file that is too large, and deletes what was stored', async () => {
  const random = Buffer.from(Array.from({ length: 200_000 }, () => Math.floor(Math.random() * 256)));
  const { status, body } = await upload(new Uint8Array(random));
  expect([status, body]).toEqual([
    413,
    { error: 'The compressed file must have at most 100000 bytes.', code: 'LIMIT_EXCEEDED' },
  ]);
  expect(await countJobs()).toBe(0);
});

const head = (length: number) =>
  `${['POST /v1/imports/users HTTP/1.1', 'Host: a', `Authorization: ${app.owner}`, 'Content-Type: text/csv', `Content-Length: ${length}`, 'Connection: close'].join('\r\n')}\r\n\r\n`;

it('receives a file for longer than other requests may take to arrive', async () => {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(head(10));
  const timer = setInterval(() => socket.write('x'), 200);
  const answer = await text(socket);
  clearInterval(timer);
  expect(answer).toContain('HTTP/1.1 202');
}, 10_000);

it('rejects an upload that stalls', async () => {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${head(10)}xx`);
  const answer = await text(socket);
  expect(answer).toContain('HTTP/1.1 408');
  expect(answer).toContain('no byte has arrived for 600 ms');
  expect(await countJobs()).toBe(0);
});

it('ends the job of an upload that the client aborts', async () => {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${head(10)}xx`);
  await expect.poll(countJobs).toBe(1);
  socket.destroy();
  await expect.poll(countJobs).toBe(0);
});

it('limits the unfinished jobs of a workspace', async () => {
  const statuses: number[] = [];
  for (let number = 0; number <= MAX_PENDING_JOBS; number += 1) statuses.push((await upload('x')).status);
  expect(statuses).toEqual([...Array.from({ length: MAX_PENDING_JOBS }, () => 202), 409]);
  const { body } = await upload('x');
  expect(body).toMatchObject({ code: 'CONFLICT', retryAfter: 1 });
});

it('cancels an import', async () => {
  const { body } = await upload('x');
  const canceled = await call(`/imports/${body.id}`, { method: 'DELETE' });
  expect(canceled.body).toMatchObject({ id: body.id, state: 'canceled' });
  expect(await countJobs()).toBe(0);
});

it('requires the scopes of what it writes, and of reading users, before the upload', async () => {
  const withoutWriting = await app.withScopes('users:read', 'users:identify');
  const rejected = await upload('x', { authorization: withoutWriting });
  expect([rejected.status, rejected.body.error]).toEqual([403, 'Import Users requires the scope users:write.']);
  expect((await upload('x', { authorization: app.publicKey }, '/imports/events')).status).toBe(403);
  expect(await countJobs()).toBe(0);
});

it('requires the scopes for starting an import to cancel it and to read its rejected records', async () => {
  const { body } = await upload('x', {}, '/imports/events');
  const reader = { headers: { authorization: await app.withScopes('users:read') } };
  expect((await call(`/imports/${body.id}`, reader)).status).toBe(200);
  expect((await call(`/imports/${body.id}`, { method: 'DELETE', ...reader })).status).toBe(403);
  expect((await call(`/imports/${body.id}/rejected`, reader)).status).toBe(403);
  expect((await call(`/imports/${body.id}`)).body.state).toBe('waiting');
});

it('tells a client whose import was canceled during the upload', async () => {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${head(10)}xx`);
  await expect.poll(countJobs).toBe(1);
  const [job] = await app.db.$queryRaw<{ id: string }[]>`SELECT id FROM transfer_jobs`;
  await call(`/imports/${job?.id}`, { method: 'DELETE' });
  socket.write('xxxxxxxx');
  const answer = await text(socket);
  expect(answer).toContain('HTTP/1.1 409');
  expect(answer).toContain('The import was canceled during the upload.');
});

it('has no jobs of other workspaces', async () => {
  const { body } = await upload('x');
  const stranger = { headers: { authorization: app.stranger.owner } };
  for (const path of [`/imports/${body.id}`, `/imports/${body.id}/rejected`]) {
    expect((await call(path, stranger)).status).toBe(404);
  }
  expect((await call(`/imports/${body.id}`, { method: 'DELETE', ...stranger })).status).toBe(404);
  expect((await call(`/imports/${body.id}`)).body.state).toBe('waiting');
});

it('has no job with an invalid id', async () => {
  expect((await call('/imports/x')).status).toBe(400);
  expect((await call('/imports/x/rejected')).status).toBe(400);
});

it('takes the options of the command line as parameters', async () => {
  const path =
    '/imports/users?map[]=E-Mail%3Demail&map[]=Ort%3Dmeta.city&type[]=meta.age%3Dnumber&decimal=comma&dates=dmy';
  const { body } = await upload('x', { 'content-type': 'text/csv; charset=utf-8' }, path);
  const [job] = await app.db.$queryRaw<
    { options: object }[]
  >`SELECT options FROM transfer_jobs WHERE id = ${body.id}::uuid`;
  expect(job?.options).toEqual({
    format: 'csv',
    map: { 'E-Mail': 'email', Ort: 'meta.city' },
    types: { 'meta.age': 'number' },
    decimal: 'comma',
    dates: 'dmy',
  });
});

it('rejects invalid and unknown parameters before the upload', async () => {
  const { status, body } = await upload(
    'x',
    {},
    '/imports/users?decimal=x&map[]=%00a%3Duid&type[]=meta.a%3Dx&column=1',
  );
  expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
  expect(body.issues.map(({ path }: { path: string[] }) => path.join('.')).sort()).toEqual([
    'column',
    'decimal',
    'map[]',
    'type[]',
  ]);
  expect(await countJobs()).toBe(0);
});
