import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Connections } from '../lifecycle/shutdown.ts';
import { RateLimitedError } from './rate.ts';
import { onAnswerSent } from '../lifecycle/timing.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The memory that the answer of a request may take. */
    answerBudget(request: FastifyRequest, workspaceId: string): AnswerBudget;
  }
  interface FastifyRequest {
    /** Whether it is a write that was carried out, whose answer must not ask for a retry. */
    hasWritten?: boolean;
    /** Whether the bytes of its answer are reserved. */
    hasReservedAnswer?: boolean;
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

/** The memory that one answer may take. */
export interface AnswerBudget {
  /** Bytes that it may have now. */
  availableBytes(): number;
  /** Reserves bytes from now on until the client has read the answer or its connection is closed. */
  reserve(bytes: number): void;
  /** The error for an answer that does not fit. @param bytes how many it has, where that is known. */
  rejection(bytes?: number): AnswerTooLargeError | RateLimitedError;
}

/** Answers of up to this size are not counted: the socket's send buffer takes them. */
const SMALL_BYTES = 64 * 1024;

/** How many bytes a workspace may hold for each one that is free; `db/pool-shares.ts` divides connections by the same rule. */
const HELD_PER_FREE = 2;

/** The answer does not fit. What the request has written is written. */
export class AnswerTooLargeError extends Error {
  readonly statusCode = 400;
  readonly code = 'LIMIT_EXCEEDED';
}

/**
 * Bounds the memory of answers that clients do not read: the size of one, the sum of a workspace's, and the time without
 * progress after which a connection is closed.
 *
 * The API that builds a large answer reserves its bytes as soon as it is built: many are built before the first is sent. What is
 * not reserved is when it is sent.
 */
export function limitUnreadAnswers(app: FastifyInstance, limits: AnswerLimits, { isBusy }: Connections): void {
  app.decorateRequest('hasWritten', false);
  app.decorateRequest('hasReservedAnswer', false);
  const { answerBytes, unsentBytes, writeMs } = limits;
  const heldBy = new Map<string, number>();
  let held = 0;

  function hold(workspaceId: string, bytes: number): void {
    held += bytes;
    const own = (heldBy.get(workspaceId) ?? 0) + bytes;
    if (own === 0) heldBy.delete(workspaceId);
    else heldBy.set(workspaceId, own);
  }

  function budgetOf(request: FastifyRequest, workspaceId: string): AnswerBudget {
    const ownBytes = () => heldBy.get(workspaceId) ?? 0;
    /** The largest answer with which the workspace holds no more than its share. */
    const roomBytes = () => (HELD_PER_FREE * (unsentBytes - held) - ownBytes()) / (1 + HELD_PER_FREE);
    return {
      availableBytes: () => Math.min(answerBytes, Math.max(roomBytes(), SMALL_BYTES)),
      reserve: (bytes) => {
        request.hasReservedAnswer = true;
        if (bytes <= SMALL_BYTES) return;
        hold(workspaceId, bytes);
        onAnswerSent(request, () => hold(workspaceId, -bytes));
      },
      rejection: (bytes) => {
        const isTooLarge = bytes === undefined ? roomBytes() >= answerBytes : bytes > answerBytes;
        if (isTooLarge) {
          const received = bytes === undefined ? '' : `; got ${bytes}`;
          return new AnswerTooLargeError(
            `The answer must have at most ${answerBytes} bytes${received}. Request smaller pages or fewer fields.`,
          );
        }
        const reason = `Clients of this workspace have not read ${Math.ceil(ownBytes() / 1e6)} MB of answers yet`;
        // A client would retry a write that is answered with 429.
        if (request.hasWritten)
          return new AnswerTooLargeError(`${reason}; this one is dropped, and the write is stored.`);
        return new RateLimitedError(reason, 1);
      },
    };
  }

  app.decorate('answerBudget', budgetOf);
  // Called as well for connections that were idle for the keep-alive time: with a listener, Node leaves those to it. A request
  // that waits for its answer has a deadline of its own.
  app.server.setTimeout(writeMs, (socket: Socket) => {
    if (socket.writableLength > 0 || !isBusy(socket)) socket.destroy();
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    const { viewer, hasReservedAnswer } = request;
    if (!viewer || hasReservedAnswer) return done();
    const bytes = sizeOf(payload);
    const budget = budgetOf(request, viewer.workspaceId);
    if (bytes > budget.availableBytes()) return done(budget.rejection(bytes));
    budget.reserve(bytes);
    done();
  });
}

function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return Buffer.isBuffer(payload) ? payload.length : 0;
}
