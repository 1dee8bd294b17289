import { type IncomingMessage, maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SECURITY_HEADERS } from './security-headers.ts';

/** What Node's parser says of a request that it gives up on, by its code; any other is no HTTP. */
const statuses: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** How long in ms a request may take to arrive. */
interface Patience {
  headersMs: number;
  arrivalMs: number;
}

function messageOf(status: number, { headersMs, arrivalMs }: Patience): string {
  if (status === 431) return `The headers are larger than the limit of ${maxHeaderSize} bytes.`;
  if (status === 400) return 'This is not a whole and well-formed HTTP request.';
  return `The request did not arrive within the limits of ${headersMs} ms for its headers and ${arrivalMs} ms in all.`;
}

/**
 * Answers bytes that are no request as JSON, and closes the connection.
 * @param isAnswering whether another request of it is being answered: a second answer would come in the midst of that one.
 */
export function refuseUnparsed(
  error: Error & { code?: string },
  socket: Socket,
  isAnswering: boolean,
  patience: Patience,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (isAnswering) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  const code = status === 400 ? 'BAD_USER_INPUT' : 'LIMIT_EXCEEDED';
  if (socket.writable) socket.write(closingAnswer(status, messageOf(status, patience), code));
  socket.destroySoon();
}

const UNMET = JSON.stringify({ error: 'No Expect but 100-continue is met.', code: 'BAD_USER_INPUT' });

/** Answers an `Expect:` other than `100-continue` as JSON, where Node would answer with a status alone. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const headers = { 'content-type': 'application/json', 'content-length': UNMET.length, connection: 'close' };
  response.writeHead(417, { ...SECURITY_HEADERS, ...headers });
  response.end(UNMET);
}

/** Answers `CONNECT` as JSON, where Node would hang up. Node listens to the socket no more: its errors would end the process. */
export function refuseConnect(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {});
  socket.end(closingAnswer(405, 'This is no proxy.', 'BAD_USER_INPUT'));
}

/** The bytes of an answer after which the connection is closed. */
function closingAnswer(status: number, error: string, code: string): string {
  const body = JSON.stringify({ error, code });
  const headers = { ...SECURITY_HEADERS, 'content-type': 'application/json', 'content-length': body.length };
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  return `${[`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}
