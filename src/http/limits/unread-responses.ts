import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { limitChannel } from '../../telemetry/channels.ts';
import type { Connections } from '../lifecycle/shutdown.ts';
import { onResponseSent } from '../lifecycle/timing.ts';
import { RateLimitedError } from './rate.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The memory that the response to a request may take. */
    responseBudget(request: FastifyRequest, workspaceId: string): ResponseBudget;
  }
  interface FastifyRequest {
    /** Whether the request has written data, so that its response must not ask for a retry. */
    hasWritten?: boolean;
    /** Whether the bytes of the response are reserved. */
    hasReservedResponse?: boolean;
  }
}

/** Limits of responses. */
export interface ResponseLimits {
  /** Maximum size in bytes of one response body. */
  responseBytes: number;
  /** Maximum size in bytes of all responses that clients have not read yet; each workspace gets a share of it. */
  unsentBytes: number;
  /** How long in ms a client may stop reading a response before its connection is closed. */
  writeMs: number;
}

/** The memory that one response may take. */
export interface ResponseBudget {
  /** An upper bound of the size of the response in bytes, if it is known before the response is built. */
  maxBytes?: number;
  /** Maximum size in bytes of the response at this moment. */
  availableBytes(): number;
  /** Reserves the bytes of the response until the client has read it or its connection is closed. */
  reserve(bytes: number): void;
  /** The error for a response that exceeds the budget. @param bytes its size, if it was built to the end. */
  rejection(bytes?: number): ResponseTooLargeError | RateLimitedError;
}

/** Responses of up to this size are not counted: they fit into the socket's send buffer. */
const SMALL_BYTES = 64 * 1024;

/** How many bytes a workspace may hold for each free byte; `db/pool-shares.ts` shares connections by the same rule. */
const HELD_PER_FREE = 2;

/** The response exceeds its budget. Data that the request has written stays written. */
export class ResponseTooLargeError extends Error {
  readonly statusCode = 400;
  readonly code = 'LIMIT_EXCEEDED';
}

/** The bytes of the responses that clients have not read yet. */
class HeldBytes {
  readonly #limit: number;
  readonly #byWorkspace = new Map<string, number>();
  #total = 0;

  /** @param limit of all responses. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  of(workspaceId: string): number {
    return this.#byWorkspace.get(workspaceId) ?? 0;
  }

  /** The largest response with which a workspace stays within its share. */
  shareOf(workspaceId: string): number {
    return (HELD_PER_FREE * (this.#limit - this.#total) - this.of(workspaceId)) / (1 + HELD_PER_FREE);
  }

  /** @param bytes negative if they have been read. */
  add(workspaceId: string, bytes: number): void {
    this.#total += bytes;
    const total = this.of(workspaceId) + bytes;
    if (total === 0) this.#byWorkspace.delete(workspaceId);
    else this.#byWorkspace.set(workspaceId, total);
  }
}

function tooLarge(maxBytes: number, bytes: number | undefined): ResponseTooLargeError {
  const received = bytes === undefined ? '' : `; got ${bytes}`;
  return new ResponseTooLargeError(
    `The response must have at most ${maxBytes} bytes${received}. Request smaller pages or fewer fields.`,
  );
}

function tooManyUnread(heldBytes: number, hasWritten: boolean | undefined): ResponseTooLargeError | RateLimitedError {
  limitChannel.publish({ reason: 'unread_responses' });
  const reason = `Clients of this workspace have ${Math.ceil(heldBytes / 1e6)} MB of unread responses`;
  // Clients retry a 429, which would repeat the write.
  return hasWritten
    ? new ResponseTooLargeError(`${reason}; the write was stored, but its response was dropped.`)
    : new RateLimitedError(reason, 1);
}

/**
 * Limits the memory of responses that clients do not read: the size of each, the total per workspace, and how long a client may
 * stop reading before its connection is closed.
 *
 * An API that builds large responses reserves their bytes as soon as they are built, since many can be built before the first
 * is sent. All other responses are reserved when they are sent.
 */
export function limitUnreadResponses(app: FastifyInstance, limits: ResponseLimits, { isBusy }: Connections): void {
  app.decorateRequest('hasWritten', false);
  app.decorateRequest('hasReservedResponse', false);
  const { responseBytes, unsentBytes, writeMs } = limits;
  const held = new HeldBytes(unsentBytes);

  function budgetOf(request: FastifyRequest, workspaceId: string): ResponseBudget {
    return {
      availableBytes: () => Math.min(responseBytes, Math.max(held.shareOf(workspaceId), SMALL_BYTES)),
      reserve: (bytes) => {
        request.hasReservedResponse = true;
        if (bytes <= SMALL_BYTES) return;
        held.add(workspaceId, bytes);
        onResponseSent(request, () => held.add(workspaceId, -bytes));
      },
      rejection: (bytes) => {
        const isTooLarge = bytes === undefined ? held.shareOf(workspaceId) >= responseBytes : bytes > responseBytes;
        return isTooLarge ? tooLarge(responseBytes, bytes) : tooManyUnread(held.of(workspaceId), request.hasWritten);
      },
    };
  }

  app.decorate('responseBudget', budgetOf);
  // With a listener, Node leaves idle keep-alive connections to it as well. A request that is still processed has a deadline.
  app.server.setTimeout(writeMs, (socket: Socket) => {
    if (socket.writableLength > 0 || !isBusy(socket)) socket.destroy();
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    const { viewer, hasReservedResponse } = request;
    if (!viewer) return done();
    const body = compactIfLarge(payload);
    if (!hasReservedResponse) {
      const bytes = sizeOf(body);
      const budget = budgetOf(request, viewer.workspaceId);
      if (bytes > budget.availableBytes()) return done(budget.rejection(bytes));
      budget.reserve(bytes);
    }
    done(null, body);
  });
}

/** Encodes large texts: for a string that it cannot send at once, Node.js keeps three bytes for each character. */
const compactIfLarge = (payload: unknown) =>
  typeof payload === 'string' && payload.length > SMALL_BYTES ? Buffer.from(payload) : payload;

function sizeOf(payload: unknown): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  return Buffer.isBuffer(payload) ? payload.length : 0;
}
