import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { addUser } from '../kit/factories.ts';
import { printFigures } from '../kit/figures.ts';
import { heapOptions, heldMegabytes } from '../kit/heap.ts';
import { startProduction } from '../kit/production.ts';
import { residentMegabytes } from '../kit/resident.ts';

/** Number of clients that stop reading. */
const CLIENTS = 60;

/** Instead of 30 s, to keep the suite short; longer than a slow machine takes for all responses. */
const WRITE_MS = 10_000;

/**
 * Maximum growth of resident memory in MB: the unread responses that a workspace may have (86), their rows, and garbage, for which the
 * heap may grow to its limit.
 */
const GROWTH_MB = 500;

/** Maximum growth in MB of what is retained while responses are unread: one copy of those that a workspace may have. */
const HELD_GROWTH_MB = 110;

/** Maximum growth in MB of what is retained after their connections were closed. */
const LEFT_MB = 10;

it('bounds the memory of unread responses, and releases it', async () => {
  await using gateway = await startProduction({
    NODE_OPTIONS: heapOptions(256),
    LIMIT_WRITE_MS: String(WRITE_MS),
    IN_FLIGHT_LIMIT: '500',
    // A slow machine takes seconds for the responses, none of which may time out.
    LIMIT_REQUEST_MS: '60000',
    LIMIT_STATEMENT_MS: '30000',
    LIMIT_POOL_WAIT_MS: '30000',
  });
  const owner = { db: gateway.db, workspaceId: gateway.workspaceId };
  const { id } = await addUser(owner, { uid: 'large' });
  await gateway.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT ${owner.workspaceId}::uuid, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ${id}::uuid, 'Large',
      to_jsonb(repeat('x', 16000)), jsonb_build_object('text', repeat('y', 16000)), now()
    FROM generate_series(1, 100) AS n`;
  const { port } = new URL(gateway.address);
  const { authorization } = gateway.key;
  const sockets: Socket[] = [];
  let [open, answered, received] = [0, 0, ''];

  /** Sends a query whose response has a multiple of 3.2 MB, and reads only the beginning of it. */
  function sendAndStall(aliases: number): void {
    const events = Array.from(
      { length: aliases },
      (_, place) => `e${place}: events(first: 100) { nodes { value properties } }`,
    );
    const body = JSON.stringify({ query: `{ user(uid: "large") { ${events.join(' ')} } }` });
    const head = [
      'POST /graphql HTTP/1.1',
      'host: a',
      `authorization: ${authorization}`,
      'content-type: application/json',
    ];
    const socket = connect(Number(port), '127.0.0.1');
    open += 1;
    socket.once('data', (chunk) => {
      answered += 1;
      received += String(chunk).slice(0, 2_000);
      socket.pause();
    });
    socket.on('error', () => {}).on('close', () => (open -= 1));
    socket.write([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
    sockets.push(socket);
  }

  const ask = async () => {
    const headers = { authorization, 'content-type': 'application/json' };
    const body = '{"query":"{ viewer { keyId } }"}';
    return (await fetch(`${gateway.address}/graphql`, { method: 'POST', headers, body })).status;
  };

  expect(await ask()).toBe(200);
  const heldBefore = await heldMegabytes(gateway);
  const before = residentMegabytes(gateway.pid);
  for (let client = 0; client < 12; client += 1) sendAndStall(9);
  await vi.waitFor(() => expect(received.match(/LIMIT_EXCEEDED/g)).toHaveLength(12), 60_000);
  for (let client = 0; client < CLIENTS; client += 1) sendAndStall(3);
  let peak = 0;
  // Responses that are being built retain more than those that are unread.
  await vi.waitFor(
    () => {
      peak = Math.max(peak, residentMegabytes(gateway.pid));
      expect(answered).toBe(12 + CLIENTS);
    },
    { timeout: 60_000, interval: 100 },
  );
  const heldUnread = await heldMegabytes(gateway);
  expect(await ask(), 'small responses are still sent').toBe(200);
  // Connections with an unread response are closed; rejected requests keep theirs alive.
  const stalled = sockets.filter((socket) => socket.isPaused());
  await delay(2 * WRITE_MS + 2_000);
  for (const socket of stalled) socket.resume();
  await delay(1_000);
  const closed = stalled.filter((socket) => socket.destroyed).length;
  const rejectedForShare = received.match(/MB of unread responses/g)?.length ?? 0;
  const heldAfter = await heldMegabytes(gateway);
  printFigures('unread responses', {
    clients: CLIENTS + 12,
    'rejected for their size': received.match(/LIMIT_EXCEEDED/g)?.length ?? 0,
    'rejected for the share of unread responses': rejectedForShare,
    closed,
    'retained before MB': Math.round(heldBefore),
    'retained MB': Math.round(heldUnread),
    'retained after MB': Math.round(heldAfter),
    'memory before MB': before,
    'memory peak MB': peak,
    'memory after MB': residentMegabytes(gateway.pid),
  });
  expect(closed).toBeGreaterThan(2);
  expect(rejectedForShare).toBeGreaterThan(CLIENTS / 2);
  expect(peak - before).toBeLessThan(GROWTH_MB);
  expect(heldUnread - heldBefore).toBeLessThan(HELD_GROWTH_MB);
  expect(heldAfter - heldBefore).toBeLessThan(LEFT_MB);
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(() => expect(open).toBe(0));
  expect(await ask()).toBe(200);
});
