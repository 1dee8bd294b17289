import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, vi } from 'vitest';
import type { startListening } from './listening.ts';

type Gateway = Pick<Awaited<ReturnType<typeof startListening>>, 'owner' | 'port' | 'send'>;

/** The `Host` header of the requests that occupy slots. */
export const OCCUPYING_HOST = 'occupied';

/** Occupies all concurrency slots of the gateway's owner while `act` runs, or until it calls `release`. */
export async function occupied(gateway: Gateway, act: (release: () => void) => Promise<void>): Promise<void> {
  const head = [
    'POST /graphql HTTP/1.1',
    `host: ${OCCUPYING_HOST}`,
    `authorization: ${gateway.owner}`,
    'content-type: application/json',
  ];
  const sockets: Socket[] = [];
  const release = () => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    // One socket for each slot, and for each request that was rejected because a slot had not been released yet.
    await vi.waitFor(async () => {
      const socket = connect(gateway.port, '127.0.0.1');
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write([...head, 'content-length: 100', '', '{'].join('\r\n'));
      expect((await gateway.send('{ viewer { keyId } }')).status).toBe(429);
    });
    await act(release);
  } finally {
    release();
  }
}
