import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What came back: a status, or nothing where the connection broke. */
export type OnAnswer = (status: number | undefined) => void;

/** A connection that sends one request after the other. */
export interface Connection {
  /** Sends the bytes of a request; never while another one has no answer. */
  send(request: Buffer, onAnswer: OnAnswer): void;
  isOpen(): boolean;
  /** @throws where there is nobody. */
  connected: Promise<unknown>;
  close(): void;
}

const HEAD_END = '\r\n\r\n';

/**
 * Opens a connection. Written for answers that tell their length, and no others: an HTTP client would take as much of the
 * machine as the gateway that it asks.
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
