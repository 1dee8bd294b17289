import { type IncomingMessage, maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { FastifyRequest } from 'fastify';

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
export function rejectUnparsedRequest(
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
export function rejectExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const headers = { 'content-type': 'application/json', 'content-length': UNMET.length, connection: 'close' };
  response.writeHead(417, { ...SECURITY_HEADERS, ...headers });
  response.end(UNMET);
}

/** Answers `CONNECT` as JSON, where Node would hang up. Node listens to the socket no more: its errors would end the process. */
export function rejectConnect(_request: IncomingMessage, socket: Duplex): void {
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

/** A request whose body no door reads, or that HTTP/1.1 itself forbids. */
class UnreadableError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

type Done = (error?: Error) => void;

/** Rejects requests without `Host`, which Node answers without a body, and with several (RFC 9112, 3.2). */
export function checkHost({ headers, raw }: FastifyRequest, _reply: unknown, done: Done): void {
  if (headers.host === undefined) {
    done(raw.httpVersion === '1.1' ? new UnreadableError(400, 'There is no Host header.') : undefined);
  } else
    done(hasSeveralHosts(raw.rawHeaders) ? new UnreadableError(400, 'There is more than one Host header.') : undefined);
}

/** Node keeps the first `Host` in `headers` and drops the others. @param rawHeaders names and values in turn. */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** Rejects compressed bodies. */
export function rejectUnreadableRequest({ headers }: FastifyRequest, _reply: unknown, done: Done): void {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const isChunkedAlone = ['', 'chunked'].includes(headers['transfer-encoding']?.trim().toLowerCase() ?? '');
  const isCompressed = !isChunkedAlone || (hasBody && isEncoded(headers['content-encoding']));
  done(isCompressed ? new UnreadableError(415, 'The body is compressed.') : undefined);
}

/** Whether a body is anything but what it looks like (RFC 9110, 8.4). */
function isEncoded(codings = ''): boolean {
  return codings.split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A body that is not UTF-8. */
class EncodingError extends Error {
  readonly statusCode = 400;

  constructor() {
    super('The body is not valid UTF-8.');
  }
}

/** A body whose `Content-Type` names another charset than UTF-8, the only one of JSON (RFC 8259, 8.1). */
export class CharsetError extends Error {
  readonly statusCode = 415;

  constructor(charset: string) {
    super(`The charset must be UTF-8; got "${charset.slice(0, 100)}".`);
  }
}

/** Fastify's content parser for text: rejects other charsets than UTF-8, and bytes that are no UTF-8, which others would replace unnoticed. */
export function decodeUtf8(
  { headers }: { headers: { 'content-type'?: string | undefined } },
  body: string | Buffer,
  done: (error: Error | null, text?: string) => void,
): void {
  const charset = body.length === 0 ? undefined : charsetBesideUtf8(headers['content-type']);
  if (charset !== undefined) {
    done(new CharsetError(charset));
    return;
  }
  try {
    done(null, typeof body === 'string' ? body : decoder.decode(body));
  } catch {
    done(new EncodingError());
  }
}

/** A parameter of a media type (RFC 9110, 5.6.6), with white space around `=`, which some clients send. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** The first charset that a content type names beside UTF-8; undefined where there is none. */
function charsetBesideUtf8(contentType = ''): string | undefined {
  if (!/charset/i.test(contentType)) return undefined;
  const charsets = [...contentType.matchAll(PARAMETER)]
    .filter(([, name]) => name?.toLowerCase() === 'charset')
    .map(([, , quoted, plain = '']) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  return charsets.find((charset) => !/^utf-?8$/i.test(charset));
}
