import type { FastifyRequest } from 'fastify';

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
export function refuseUnreadable({ headers }: FastifyRequest, _reply: unknown, done: Done): void {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const isChunkedAlone = ['', 'chunked'].includes(headers['transfer-encoding']?.trim().toLowerCase() ?? '');
  const isCompressed = !isChunkedAlone || (hasBody && isEncoded(headers['content-encoding']));
  done(isCompressed ? new UnreadableError(415, 'The body is compressed.') : undefined);
}

/** Whether a body is anything but what it looks like (RFC 9110, 8.4). */
function isEncoded(codings = ''): boolean {
  return codings.split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));
}
