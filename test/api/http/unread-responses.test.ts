import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { stringifyWithin } from '../../../src/graphql/execution/response-size.ts';
import { basic } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { post } from '../../kit/http.ts';
import { startListening } from '../../kit/listening.ts';

const MEGABYTE = 1024 * 1024;
/** Longer than a busy machine needs to build a response, since the gateway closes a connection without progress for this time. */
const WRITE_MS = 2_000;
/** The begin of a response of a request that was not rejected. */
const STATUS_LINE = 'HTTP/1.1 200 OK';

type App = Awaited<ReturnType<typeof startListening>>;

let app: App;

/** Starts a gateway with a user whose events make large responses. */
async function startWithLargeUser(writeMs: number): Promise<App> {
  const started = await startListening({
    admissionLimits: { concurrentRequests: 1, failedLogins: 0 },
    limits: { writeMs, responseBytes: 10 * MEGABYTE, unsentBytes: 36 * MEGABYTE },
  });
  const { id } = await addUser(started, { uid: 'large' });
  const value = JSON.stringify('x'.repeat(16_000));
  await started.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT ${started.workspaceId}::uuid, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ${id}::uuid, 'Large',
      ${value}::jsonb, jsonb_build_object('text', ${'y'.repeat(16_000)}::text), now()
    FROM generate_series(1, 100) AS n`;
  return started;
}

beforeAll(async () => {
  app = await startWithLargeUser(WRITE_MS);
});

afterAll(() => app[Symbol.asyncDispose]());

/** A query whose response has 3.2 MB per alias. */
const document = (aliases: number) => {
  const events = Array.from(
    { length: aliases },
    (_, place) => `e${place}: events(first: 100) { nodes { value properties } }`,
  );
  return `{ user(uid: "large") { ${events.join(' ')} } }`;
};

async function callerWithKey({ db, workspaceId }: App): Promise<string> {
  const { publicKey, secret } = await createKey(db, workspaceId, scopes);
  return basic(publicKey, secret);
}

/** Sends a query on a separate connection, and reads nothing. */
function sendAndStall({ port }: App, caller: string, aliases: number) {
  const body = JSON.stringify({ query: document(aliases) });
  const socket = connect(port, '127.0.0.1').pause();
  const closed = Promise.withResolvers<number>();
  const startedAt = performance.now();
  socket.on('error', () => {}).on('close', () => closed.resolve(performance.now() - startedAt));
  const head = ['POST /graphql HTTP/1.1', 'host: a', `authorization: ${caller}`, 'content-type: application/json'];
  socket.write([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
  return { socket, closed: closed.promise };
}

const statusOf = async ({ send }: App, caller: string) => (await send('{ viewer { keyId } }', {}, caller)).status;

it('closes the connection of a client that stops reading, and holds its concurrency slot until then', async () => {
  const caller = await callerWithKey(app);
  expect(await statusOf(app, caller)).toBe(200);
  const { socket, closed } = sendAndStall(app, caller, 2);
  // No other request of the key is sent before this one has its slot: it would be rejected if it arrived during another.
  await once(socket, 'readable');
  expect(String(socket.read(STATUS_LINE.length))).toBe(STATUS_LINE);
  expect(await statusOf(app, caller), 'the response is ready, but not read').toBe(429);
  await delay(WRITE_MS / 2);
  expect(await statusOf(app, caller), 'the response is still not read').toBe(429);
  // Node checks for progress once per timeout, so it closes a connection within twice the timeout.
  socket.resume();
  socket.pause();
  await delay(3 * WRITE_MS);
  socket.resume();
  expect(await closed).toBeGreaterThan(WRITE_MS);
  expect(await statusOf(app, caller)).toBe(200);
});

it('keeps the connections of clients that wait for a response or read slowly', async () => {
  const caller = await callerWithKey(app);
  const { socket, closed } = sendAndStall(app, caller, 2);
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  for (let round = 0; round < 12; round += 1) {
    socket.resume();
    await delay(20);
    socket.pause();
    await delay(WRITE_MS / 5);
  }
  expect(socket.destroyed).toBe(false);
  socket.resume();
  await vi.waitFor(() => expect(bytes).toBeGreaterThan(6 * MEGABYTE));
  socket.end();
  await closed;
});

it('limits the unread responses of a workspace to a share that leaves memory to others', async () => {
  // No connection is closed for its lack of progress meanwhile.
  await using patient = await startWithLargeUser(60_000);
  const [first, second, third] = [
    await callerWithKey(patient),
    await callerWithKey(patient),
    await callerWithKey(patient),
  ];
  for (const caller of [first, second, third]) expect(await statusOf(patient, caller)).toBe(200);
  // 9.6 MB each; two thirds of 36 MB are 24.
  const stalled = [first, second].map((caller) => sendAndStall(patient, caller, 3));
  await vi.waitFor(async () => {
    const { status, errors } = await patient.send(document(3), {}, third);
    expect([status, errors]).toEqual([
      429,
      [
        {
          message: expect.stringMatching(/^Clients of this workspace have 20 MB of unread responses; retry in 1 s\.$/),
          extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
        },
      ],
    ]);
  });
  expect(await statusOf(patient, third), 'small responses are not counted').toBe(200);
  for (const { socket } of stalled) socket.destroy();
  await vi.waitFor(async () => expect((await patient.send(document(3), {}, third)).status).toBe(200));
});

it.each([
  ['direct execution', {}],
  ['execution by Yoga', { accept: 'application/json;q=0.9' }],
])('rejects a response above the size limit: %s', async (_path, headers) => {
  const large = await post(app, JSON.stringify({ query: document(4) }), { headers });
  expect(large.json()).toEqual({
    data: null,
    errors: [
      {
        message: expect.stringMatching(
          /^The response must have at most 10485760 bytes; got 1\d{7}\. Request smaller pages or fewer fields\.$/,
        ),
        extensions: { code: 'LIMIT_EXCEEDED' },
      },
    ],
  });
  expect((await post(app, JSON.stringify({ query: document(3) }), { headers })).json()).toHaveProperty('data.user.e2');
});

it('stops building a response at the limit', () => {
  let read = 0;
  const row = {
    get value() {
      read += 1;
      return 'x'.repeat(1_000);
    },
  };
  expect(stringifyWithin({ nodes: Array.from({ length: 1_000 }, () => row) }, 10_000)).toBeUndefined();
  expect(read).toBeLessThan(16);
});

it('serializes like JSON.stringify', () => {
  for (const data of [
    undefined,
    null,
    {},
    { a: [], b: [{}], c: [1, null, 'ü"\n'], d: undefined, e: { f: [[1], [2]] } },
    { nodes: Array.from({ length: 20 }, (_, place) => (place % 3 === 0 ? null : { place, meta: { 'a"b': true } })) },
  ])
    expect(stringifyWithin(data, 10_000)).toBe(JSON.stringify(data) ?? 'null');
});
