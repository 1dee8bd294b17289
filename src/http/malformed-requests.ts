import { type IncomingMessage, maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { malformedRequestChannel } from '../telemetry/channels.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** A request that HTTP forbids, or whose body no API can read. */
export class MalformedRequestError extends Error {
  readonly statusCode: 400 | 415;

  constructor(statusCode: 400 | 415, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

// Requests that Node's HTTP parser rejects

/** Statuses by the error codes of Node's HTTP parser; all other codes mean that the bytes are not HTTP. */
const PARSER_STATUSES: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** How long in ms a request may take to arrive. */
interface ArrivalLimits {
  headersMs: number;
  arrivalMs: number;
}

function parserMessage(status: number, { headersMs, arrivalMs }: ArrivalLimits): string {
  if (status === 431) return `The headers must have at most ${maxHeaderSize} bytes.`;
  if (status === 400) return 'The request is not valid HTTP.';
  return `The headers must arrive within ${headersMs} ms and the whole request within ${arrivalMs} ms.`;
}

/**
 * Answers bytes that Node cannot parse with JSON, and closes the connection.
 * @param isResponding whether the connection has another request in flight: a second response would corrupt the first one.
 */
export function rejectUnparsedRequest(
  error: Error & { code?: string },
  socket: Socket,
  isResponding: boolean,
  limits: ArrivalLimits,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (isResponding) {
    socket.destroy();
    return;
  }
  const status = PARSER_STATUSES[error.code ?? ''] ?? 400;
  const code = status === 400 ? 'BAD_USER_INPUT' : 'LIMIT_EXCEEDED';
  malformedRequestChannel.publish({ status });
  if (socket.writable) socket.write(rawResponse(status, parserMessage(status, limits), code));
  socket.destroySoon();
}

/** Answers an `Expect` header other than `100-continue` with JSON; Node's own response has no body. */
export function rejectExpectation({ headers }: IncomingMessage, response: ServerResponse): void {
  const error = `Expect must be 100-continue; got "${headers.expect?.slice(0, 100)}".`;
  const body = JSON.stringify({ error, code: 'BAD_USER_INPUT' });
  const contentHeaders = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  malformedRequestChannel.publish({ status: 417 });
  response.writeHead(417, { ...SECURITY_HEADERS, ...contentHeaders, connection: 'close' });
  response.end(body);
}

/**
 * Answers `CONNECT` with JSON; Node would close the connection. Node no longer handles errors of this socket, and an error
 * without a listener would end the process.
 */
export function rejectConnect(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {});
  malformedRequestChannel.publish({ status: 405 });
  socket.end(rawResponse(405, 'CONNECT is not supported.', 'BAD_USER_INPUT'));
}

/** The bytes of a response that closes the connection. */
function rawResponse(status: number, error: string, code: string): string {
  const body = JSON.stringify({ error, code });
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  return `${[`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** The message for JSON that cannot be parsed, the same in all APIs. @param part of the request, such as "The body". */
export function unparsableMessage(part: string, error: unknown): string {
  return `${part} could not be parsed. ${error instanceof SyntaxError ? error.message : 'The JSON is not valid.'}`;
}

// Headers that Node accepts

type Done = (error?: Error) => void;

/** `uri-host [":" port]` (RFC 9110, 7.2), where the host may be empty. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/** Rejects requests with no `Host`, an invalid one or several (RFC 9112, 3.2). */
export function checkHost({ headers, raw }: FastifyRequest, _reply: unknown, done: Done): void {
  const message = hostFault(headers.host, raw);
  done(message === undefined ? undefined : new MalformedRequestError(400, message));
}

function hostFault(host: string | undefined, { httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  if (host === undefined) return httpVersion === '1.1' ? 'The Host header is required.' : undefined;
  if (hasSeveralHosts(rawHeaders)) return 'The request must have only one Host header.';
  return HOST.test(host)
    ? undefined
    : `The Host header must be a host and an optional port; got "${host.slice(0, 100)}".`;
}

/** Node's `headers` has the first `Host` only. @param rawHeaders alternating names and values. */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** Rejects compressed bodies, except for uploads with gzip. */
export function rejectUnreadableRequest(
  { headers, routeOptions: { config } }: FastifyRequest,
  _reply: unknown,
  done: Done,
): void {
  const { 'transfer-encoding': transferEncoding, 'content-encoding': contentEncoding } = headers;
  const hasBody = transferEncoding !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!['', 'chunked'].includes(transferEncoding?.trim().toLowerCase() ?? '')) {
    done(notSupported('Transfer-Encoding', transferEncoding));
  } else {
    const isReadable = !isEncoded(contentEncoding) || (config.isUpload && isGzip(contentEncoding));
    done(hasBody && !isReadable ? notSupported('Content-Encoding', contentEncoding) : undefined);
  }
}

function notSupported(header: string, value = ''): MalformedRequestError {
  return new MalformedRequestError(
    415,
    `Compressed bodies are not supported, except imports with gzip; got ${header} "${value.slice(0, 100)}".`,
  );
}

/** Whether any content coding other than `identity` is applied (RFC 9110, 8.4). */
function isEncoded(codings = ''): boolean {
  return codings.split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));
}

/** Whether gzip is the only content coding. */
const isGzip = (codings = ''): boolean => /^(x-)?gzip$/i.test(codings.trim());

// Text that is not UTF-8

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Fastify's content parser for text. JSON is UTF-8 (RFC 8259, 8.1): rejects other charsets, and invalid bytes, which
 * `Buffer.toString` would replace silently.
 */
export function decodeUtf8(
  { headers }: { headers: { 'content-type'?: string | undefined } },
  body: string | Buffer,
  done: (error: Error | null, text?: string) => void,
): void {
  const charset = body.length === 0 ? undefined : unsupportedCharset(headers['content-type']);
  if (charset !== undefined) {
    done(new MalformedRequestError(415, `The charset must be UTF-8; got "${charset.slice(0, 100)}".`));
    return;
  }
  try {
    done(null, typeof body === 'string' ? body : decoder.decode(body));
  } catch {
    done(new MalformedRequestError(400, 'The body is not valid UTF-8.'));
  }
}

/** A parameter of a media type (RFC 9110, 5.6.6), with the white space around `=` that some clients send. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** The first charset of a content type that is not UTF-8. */
function unsupportedCharset(contentType = ''): string | undefined {
  if (!/charset/i.test(contentType)) return undefined;
  const charsets = [...contentType.matchAll(PARAMETER)]
    .filter(([, name]) => name?.toLowerCase() === 'charset')
    .map(([, , quoted, plain = '']) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  return charsets.find((charset) => !/^utf-?8$/i.test(charset));
}
