import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Sees whether an address can be listened on, before anything else is started.
 * @returns the port, or a free one for port 0: a worker that is started later has to find the same.
 * @throws what listening there does.
 */
export async function freePort(port: number, host: string): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : port;
}
