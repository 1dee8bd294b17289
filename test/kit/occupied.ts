import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { vi } from 'vitest';

interface Caller {
  /** The port of a gateway on 127.0.0.1. */
  port: number;
  authorization: string;
  /** Sends a request with the key; whether it is rejected with status 429. */
  isRejected: () => Promise<boolean>;
}

/** The `Host` header of the requests that occupy slots. */
export const OCCUPYING_HOST = 'occupied';

/** The owner of a gateway that a test has started, as a caller. */
export const ownerOf = (gateway: {
  port: number;
  owner: string;
  send(query: string): Promise<{ status: number }>;
}): Caller => ({
  port: gateway.port,
  authorization: gateway.owner,
  isRejected: async () => (await gateway.send('{ viewer { keyId } }')).status === 429,
});

/** Occupies all concurrency slots of a key while `act` runs, or until `act` releases them. */
export async function withOccupiedSlots(
  { port, authorization, isRejected }: Caller,
  act: (release: () => void) => Promise<void>,
): Promise<void> {
  const head = [
    'POST /graphql HTTP/1.1',
    `host: ${OCCUPYING_HOST}`,
    `authorization: ${authorization}`,
    'content-type: application/json',
  ];
  const sockets: Socket[] = [];
  const release = () => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    // One socket for each slot, and for each request that was rejected because a slot had not been released yet.
    await vi.waitFor(async () => {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write([...head, 'content-length: 100', '', '{'].join('\r\n'));
      if (!(await isRejected())) throw new Error('The key still has a free slot.');
    });
    await act(release);
  } finally {
    release();
  }
}
