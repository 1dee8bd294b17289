import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServerProbe } from '../../../src/db/servers/server-probe.ts';
import { listenOnFreePort } from '../../kit/free-ports.ts';

/** The messages AuthenticationOk and ReadyForQuery of PostgreSQL. */
const READY = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

/** A server that accepts connections and then hangs; `accept` lets the next one in. */
let server: Server;
let probe: ServerProbe;
let accept: () => void;
let socket: Promise<Socket>;

beforeEach(async () => {
  server = createServer();
  probe = new ServerProbe(`postgres://u@127.0.0.1:${await listenOnFreePort(server)}/usergraph`);
  socket = once(server, 'connection').then(([connected]) => connected as Socket);
  accept = () => void socket.then((connected) => connected.write(READY));
});

afterEach(() => {
  server.close();
});

async function untilClosed(): Promise<void> {
  const connected = await socket;
  connected.resume();
  if (!connected.closed) await once(connected, 'close');
}

it('closes a connection that is being opened while the probe is closed', async () => {
  const answer = expect(probe.ask()).rejects.toThrow('The probe is closed.');
  await socket;
  probe.close();
  accept();
  await answer;
  await untilClosed();
});

it('closes its connection to a server that hangs, without waiting for it, and tells that it has ended unless it was closed', async () => {
  const onEnd = vi.fn();
  probe.close();
  probe = new ServerProbe(probe.url, onEnd);
  accept();
  await expect(probe.ask()).rejects.toThrow('Query read timeout');
  await untilClosed();
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce());
  probe.close();
  await expect(probe.ask()).rejects.toThrow('The probe is closed.');
});
