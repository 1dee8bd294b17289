import { connect, type Socket } from 'node:net';

/** What came back for bytes that were sent. */
export interface Exchange {
  /** All that was answered, as Latin-1. */
  text: string;
  /** From the first byte sent until the connection was closed, or until `timeoutMs`. */
  ms: number;
  /** Whether the gateway has closed the connection in time. */
  closed: boolean;
}

/** A connection that is open until it is closed from the other side. */
export interface Connection {
  socket: Socket;
  exchange: Promise<Exchange>;
}

/** Opens a connection to the gateway at an address. */
export function open(address: string, timeoutMs: number): Connection {
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const started = performance.now();
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const chunks: Buffer[] = [];
  const finish = (closed: boolean) => {
    clearTimeout(timer);
    socket.destroy();
    resolve({ text: Buffer.concat(chunks).toString('latin1'), ms: performance.now() - started, closed });
  };
  const timer = setTimeout(() => finish(false), timeoutMs);
  socket
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => finish(true))
    .on('close', () => finish(true))
    // A connection that is reset is closed.
    .on('error', () => finish(true));
  return { socket, exchange: promise };
}

/** Sends bytes and nothing after them, and reads what comes until the connection is closed. */
export function exchange(address: string, bytes: string | Buffer, timeoutMs = 20_000): Promise<Exchange> {
  const connection = open(address, timeoutMs);
  connection.socket.end(bytes);
  return connection.exchange;
}

/** The statuses in what was answered. */
export const statusesIn = (text: string): number[] =>
  [...text.matchAll(/(?:^|\r\n|\})HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
