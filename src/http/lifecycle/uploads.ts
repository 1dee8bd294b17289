import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The route processes its body as it arrives (`receiveUpload`), however long that takes. The body can be compressed, and
     * does not count as work to parse.
     */
    isUpload?: boolean;
  }
}

/** The client stopped sending the body of an upload. */
export class UploadStalledError extends Error {
  readonly statusCode = 408;

  constructor(ms: number) {
    super(`The upload was stopped: no byte has arrived for ${ms} ms.`);
  }
}

/** The connections on which an upload is arriving. */
const uploading = new WeakSet<Socket>();

/** Whether an upload is arriving on a connection, which the limit of the arrival of a request does not apply to. */
export const isUploading = (socket: Socket): boolean => uploading.has(socket);

/**
 * Reads the body of an upload. The connection is closed after the response if the body is not read to its end.
 * @param stallMs maximum time in ms without a byte. @throws {UploadStalledError}
 */
export async function* receiveUpload(
  { raw: { socket } }: FastifyRequest,
  reply: FastifyReply,
  body: Readable,
  stallMs: number,
): AsyncGenerator<Uint8Array> {
  const parts = body[Symbol.asyncIterator]();
  uploading.add(socket);
  reply.header('connection', 'close');
  try {
    for (;;) {
      const part = await withTimeout(parts.next(), stallMs);
      if (part.done) break;
      yield part.value;
    }
    reply.removeHeader('connection');
  } finally {
    uploading.delete(socket);
  }
}

/** @throws {UploadStalledError} */
async function withTimeout<Result>(pending: Promise<Result>, ms: number): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new UploadStalledError(ms)), ms);
  return Promise.race([pending, promise]).finally(() => clearTimeout(timer));
}
