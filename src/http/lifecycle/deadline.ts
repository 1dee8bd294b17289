import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isArriving, onWorkEnd, workMs } from './timing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Fires at the deadline. Undefined if the deadline passed while the body was arriving. */
    deadline?: NodeJS.Timeout | undefined;
  }
}

/** The request exceeded its deadline. A write that it started may still be committed. */
export class DeadlineError extends Error {
  readonly statusCode = 503;

  constructor(ms: number) {
    super(`The request timed out after ${ms} ms; retry later.`);
  }
}

/**
 * Answers each request within a deadline, with a `DeadlineError` if there is no other response. The time in which the body
 * arrives does not count; Fastify's `handlerTimeout` counts it. Register it after `trackTiming`.
 */
export function setDeadline(app: FastifyInstance, ms: number): void {
  app.decorateRequest('deadline', undefined);
  function arm(request: FastifyRequest, reply: FastifyReply, remainingMs: number): void {
    request.deadline = setTimeout(() => {
      request.deadline = undefined;
      const { timing } = request;
      // While the body arrives, the arrival limit applies.
      if (!timing || isArriving(timing)) return;
      const restMs = ms - workMs(timing);
      if (restMs > 0) arm(request, reply, restMs);
      else if (!reply.sent && !reply.raw.headersSent) reply.send(new DeadlineError(ms));
    }, remainingMs);
  }
  app.addHook('onRequest', (request, reply, done) => {
    arm(request, reply, ms);
    onWorkEnd(request, () => clearTimeout(request.deadline));
    done();
  });
  app.addHook('preValidation', (request, reply, done) => {
    if (!request.deadline && request.timing) arm(request, reply, ms - workMs(request.timing));
    done();
  });
}

/** The result of a handler; undefined if the deadline has already answered the request. A late error is only logged. */
export async function withDeadline<Result>(reply: FastifyReply, pending: Promise<Result>): Promise<Result | undefined> {
  try {
    const result = await pending;
    return reply.sent ? undefined : result;
  } catch (error) {
    if (!reply.sent) throw error;
    reply.log.warn({ err: error }, 'request failed after its deadline');
    return undefined;
  }
}
