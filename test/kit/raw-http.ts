import { connect, type Socket } from 'node:net';

/** The response to raw bytes. */
export interface Exchange {
  /** All bytes received, as Latin-1. */
  text: string;
  /** From the first byte sent until the connection was closed, or until `timeoutMs`. */
  ms: number;
  /** Whether the gateway closed the connection in time. */
  closed: boolean;
}

/** A connection that the server closes. */
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
    // A reset counts as closed.
    .on('error', () => finish(true));
  return { socket, exchange: promise };
}

/** Sends bytes, and reads the response until the connection is closed. */
export function exchange(address: string, bytes: string | Buffer, timeoutMs = 20_000): Promise<Exchange> {
  const connection = open(address, timeoutMs);
  connection.socket.end(bytes);
  return connection.exchange;
}

/** The status codes in a response. */
export const statusesIn = (text: string): number[] =>
  [...text.matchAll(/(?:^|\r\n|\})HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
