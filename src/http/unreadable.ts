import type { FastifyRequest } from 'fastify';

/** A request whose body no door reads, or that HTTP/1.1 itself forbids. */
class UnreadableError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Refuses compressed bodies, and requests without `Host` (RFC 9112, 3.2), which Node answers without a body. */
export function refuseUnreadable(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
  done(unreadable(request));
}

function unreadable({ headers, raw }: FastifyRequest): UnreadableError | undefined {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const isChunkedAlone = ['', 'chunked'].includes(headers['transfer-encoding']?.trim().toLowerCase() ?? '');
  if (!isChunkedAlone || (hasBody && isEncoded(headers['content-encoding'])))
    return new UnreadableError(415, 'The body is compressed.');
  if (headers.host === undefined && raw.httpVersion === '1.1')
    return new UnreadableError(400, 'There is no Host header.');
  return undefined;
}

/** Whether a body is anything but what it looks like (RFC 9110, 8.4). */
function isEncoded(codings = ''): boolean {
  return codings.split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));
}
