import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { z } from 'zod';

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** Runs the health check of the image with a HOST. @returns its exit code. */
async function check(HOST: string, port: number): Promise<number> {
  const child = spawn(process.execPath, ['deploy/health-check.js'], { env: { HOST, PORT: String(port) } });
  const [code] = await once(child, 'exit');
  return Number(code);
}

it.each(
  [
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['localhost', '127.0.0.1'],
    ['', '127.0.0.1'],
    ['::', '::1'],
    ['::1', '::1'],
  ].filter(([, address = '']) => hasIPv6 || !isIPv6(address)),
)('the health check with the HOST "%s" calls %s', async (host, address) => {
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end()).listen(0, address);
  await once(server, 'listening');
  const port = z.object({ port: z.number() }).parse(server.address()).port;
  expect(await check(host, port)).toBe(0);
  status = 503;
  expect(await check(host, port)).toBe(1);
  server.close();
  expect(await check(host, port)).toBe(1);
});
