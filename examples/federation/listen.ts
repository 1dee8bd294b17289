import { once } from 'node:events';
import type { Server } from 'node:http';

/** Listens on this machine alone. @param port 0 takes a free one. @returns the address of `/graphql`. */
export async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}/graphql`;
}
