import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { listenOnFreePort } from './free-ports.ts';

/** A network with controllable faults. */
export interface FaultProxy extends AsyncDisposable {
  port: number;
  /** Delays data sent from now on by this time in ms, in each direction. */
  delay(ms: number): void;
  /** Stops forwarding data, without closing connections. */
  stall(): void;
  /** Forwards the data held back, and data sent from now on. */
  flow(): void;
  /** Forwards data of new connections only. Existing ones stay silent, as behind a firewall that has dropped their state. */
  forget(): void;
  /** Closes every connection. */
  cut(): void;
  /**
   * Closes each connection on which a client sends this text: before the server receives it, or after the server has
   * responded. An empty text disables this.
   */
  cutAt(text: string, when?: 'before' | 'after'): void;
  /** The number of connections closed for the last text. */
  cuts(): number;
}

/** Starts a proxy in front of a server, on its own port. */
export async function startFaultProxy(target: NetConnectOpts): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let ms = 0;
  let stalled = false;
  let trap = { text: '', when: 'before' };
  let cuts = 0;

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket);
    if (stalled) socket.pause();
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  }

  function pipe(from: Socket, to: Socket, isLost: (chunk: Buffer) => boolean): void {
    from.on('data', (chunk) => {
      if (isLost(chunk)) from.destroy();
      else if (ms === 0) to.write(chunk);
      else setTimeout(() => to.destroyed || to.write(chunk), ms);
    });
  }

  const server = createServer((client) => {
    const upstream = connect(target);
    keep(client, upstream);
    keep(upstream, client);
    let sprung = false;
    pipe(client, upstream, (chunk) => {
      if (trap.text === '' || !chunk.includes(trap.text)) return false;
      sprung = true;
      cuts += 1;
      return trap.when === 'before';
    });
    pipe(upstream, client, () => sprung);
  });
  const port = await listenOnFreePort(server);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    delay: (next) => (ms = next),
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    flow: () => {
      stalled = false;
      ms = 0;
      for (const socket of sockets) socket.resume();
    },
    forget: () => {
      stalled = false;
    },
    cut,
    cutAt: (text, when = 'before') => {
      if (text !== '') cuts = 0;
      trap = { text, when };
    },
    cuts: () => cuts,
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
