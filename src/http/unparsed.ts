import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What Node's parser says of a request that it gives up on, by its code; any other is no HTTP. */
const statuses: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

const messages: Readonly<Record<number, string>> = {
  400: 'This is not HTTP.',
  408: 'The request did not arrive in time.',
  431: 'The headers are too large.',
};

/** Answers bytes that are no request as JSON, and closes the connection. */
export function refuseUnparsed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = statuses[error.code ?? ''] ?? 400;
  const code = status === 400 ? 'BAD_USER_INPUT' : 'LIMIT_EXCEEDED';
  const body = JSON.stringify({ error: messages[status], code });
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  if (socket.writable) socket.write(`${head}\r\nConnection: close\r\n\r\n${body}`);
  socket.destroySoon();
}

/** Answers an `Expect:` other than `100-continue` as JSON, where Node would answer with a status alone. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify({ error: 'No Expect but 100-continue is met.', code: 'BAD_USER_INPUT' });
  response.writeHead(417, { 'content-type': 'application/json', 'content-length': body.length, connection: 'close' });
  response.end(body);
}
