import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { listenOnFreePort } from './free-ports.ts';

/**
 * Starts a proxy that drops parameters of startup packets, as some connection poolers do.
 * @returns the URL of the same database behind it.
 */
export async function startIgnoringPooler(
  url: string,
  ignored: readonly string[],
): Promise<{ url: string } & AsyncDisposable> {
  const { host, port, user, database } = new Client({ connectionString: url });
  const target: NetConnectOpts = host.startsWith('/') ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => other.destroy());
    }
    client.once('data', (packet) => {
      upstream.write(withoutParameters(packet, ignored));
      client.pipe(upstream).pipe(client);
    });
  });
  const proxyPort = await listenOnFreePort(server);
  return {
    url: `postgresql://${user}@127.0.0.1:${proxyPort}/${database}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A startup packet: its length and the version of the protocol, then names and values, each of which ends with a zero byte. */
function withoutParameters(packet: Buffer, ignored: readonly string[]): Buffer {
  const texts = packet.toString('utf8', 8).split('\0');
  const kept: string[] = [];
  for (let place = 0; texts[place]; place += 2) {
    const [name = '', value = ''] = texts.slice(place, place + 2);
    if (!ignored.includes(name)) kept.push(name, value);
  }
  const body = Buffer.from(`${kept.map((text) => `${text}\0`).join('')}\0`);
  const head = Buffer.from(packet.subarray(0, 8));
  head.writeInt32BE(head.length + body.length);
  return Buffer.concat([head, body]);
}
