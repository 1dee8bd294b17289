import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** The status of a response; undefined if the connection broke. */
export type OnAnswer = (status: number | undefined) => void;

/** A connection that sends requests sequentially. */
export interface Connection {
  /** Sends the bytes of a request. Must not be called while another request is in flight. */
  send(request: Buffer, onAnswer: OnAnswer): void;
  isOpen(): boolean;
  /** @throws if no server listens. */
  connected: Promise<unknown>;
  close(): void;
}

const HEAD_END = '\r\n\r\n';

/**
 * Opens a connection. Supports only responses with a Content-Length: a complete HTTP client would use as much CPU as the
 * gateway.
 */
export function openConnection(port: number, host: string): Connection {
  const socket: Socket = connect({ port, host, noDelay: true }).setEncoding('latin1');
  let received = '';
  let waiting: OnAnswer | undefined;
  const settle = (status: number | undefined) => {
    const onAnswer = waiting;
    waiting = undefined;
    received = '';
    onAnswer?.(status);
  };
  socket.on('data', (chunk) => {
    received += String(chunk);
    const end = received.indexOf(HEAD_END);
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, end))?.[1]);
    if (received.length >= end + HEAD_END.length + length) settle(Number(received.slice(9, 12)));
  });
  socket.on('error', () => {}).on('close', () => settle(undefined));
  const connected = once(socket, 'connect');
  connected.catch(() => {});
  return {
    connected,
    send: (request, onAnswer) => {
      waiting = onAnswer;
      socket.write(request);
    },
    isOpen: () => !socket.destroyed && !socket.readableEnded,
    close: () => socket.destroy(),
  };
}
