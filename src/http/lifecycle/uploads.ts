import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';

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
 * Reads the body of an upload.
 * @param stallMs maximum time in ms without a byte. @throws {UploadStalledError}
 */
export async function* receiveUpload(
  { raw: { socket } }: FastifyRequest,
  body: AsyncIterable<Uint8Array> & { destroy(error: Error): void },
  stallMs: number,
): AsyncGenerator<Uint8Array> {
  uploading.add(socket);
  const parts = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(new UploadStalledError(stallMs)), stallMs);
      const part = await parts.next().finally(() => clearTimeout(timer));
      if (part.done) return;
      yield part.value;
    }
  } finally {
    uploading.delete(socket);
  }
}
