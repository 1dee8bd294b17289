import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Connections } from '../connections.ts';
import { RateLimitedError } from '../rate-limit.ts';
import { whenSent } from '../work.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it is a write that was admitted, whose answer must not ask for a retry. */
    hasWritten?: boolean;
  }
}

/** Limits of answers. */
export interface AnswerLimits {
  /** Bytes of the body of one answer. */
  answerBytes: number;
  /** Bytes of answers that clients have not read yet, of all together; a workspace gets a share of them. */
  unsentBytes: number;
  /** How long in ms a client may read nothing of an answer before its connection is closed. */
  writeMs: number;
}

/** Answers that small are not counted: the system's socket buffer takes them. */
const SMALL_BYTES = 64 * 1024;

/** How many bytes a workspace may hold for each one that is free: see `db/pool-shares.ts` for the same rule. */
const HELD_FOR_EACH_FREE = 2;

/** The answer is larger than the limit. What the request has written is written. */
export class AnswerTooLargeError extends Error {
  readonly statusCode = 400;
  readonly code = 'LIMIT_EXCEEDED';

  constructor(limit: number, bytes?: number) {
    const size = bytes === undefined ? `more than ${limit}` : `${bytes}`;
    super(`The answer has ${size} bytes; the limit is ${limit}. Ask for smaller pages or fewer fields.`);
  }
}

/**
 * Bounds what answers hold that clients do not read: the size of one, the sum of a workspace's, and the time without a byte
 * taken, after which the connection is closed.
 */
export function limitUnsentAnswers(app: FastifyInstance, limits: AnswerLimits, { isBusy }: Connections): void {
  app.decorateRequest('hasWritten', false);
  const { answerBytes, unsentBytes, writeMs } = limits;
  const heldBy = new Map<string, number>();
  let held = 0;

  function hold(workspaceId: string, bytes: number): void {
    held += bytes;
    const own = (heldBy.get(workspaceId) ?? 0) + bytes;
    if (own === 0) heldBy.delete(workspaceId);
    else heldBy.set(workspaceId, own);
  }

  // Called as well for connections that were idle for the keep-alive time: with a listener, Node leaves those to it. A request
  // that waits for its answer has a deadline of its own.
  app.server.setTimeout(writeMs, (socket: Socket) => {
    if (socket.writableLength > 0 || !isBusy(socket)) socket.destroy();
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    const bytes =
      typeof payload === 'string' ? Buffer.byteLength(payload) : Buffer.isBuffer(payload) ? payload.length : 0;
    const { viewer } = request;
    if (!viewer || bytes <= SMALL_BYTES) return done();
    if (bytes > answerBytes) return done(new AnswerTooLargeError(answerBytes, bytes));
    const own = heldBy.get(viewer.workspaceId) ?? 0;
    // A client would send a write again that is answered with 429, and it has been carried out.
    const isReplaceable = own > 0 && !request.hasWritten;
    if (isReplaceable && own + bytes > HELD_FOR_EACH_FREE * (unsentBytes - held - bytes)) {
      const megabytes = Math.ceil(own / 1e6);
      return done(new RateLimitedError(`Clients of this workspace have ${megabytes} MB of answers to read`, 1));
    }
    hold(viewer.workspaceId, bytes);
    whenSent(request, () => hold(viewer.workspaceId, -bytes));
    done();
  });
}
