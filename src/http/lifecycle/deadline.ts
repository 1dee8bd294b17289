import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isArriving, onWorkEnd, workMs } from './timing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Fires when it is to be answered; undefined while its body takes longer than that to arrive. */
    deadline?: NodeJS.Timeout | undefined;
  }
}

/** The request was not answered in time. What it has begun may still be done. */
export class DeadlineError extends Error {
  readonly statusCode = 503;

  constructor(ms: number) {
    super(`The request was not answered within the limit of ${ms} ms; try again later.`);
  }
}

/**
 * Answers each request in time, if only with a `DeadlineError`. The time in which its body arrives does not count, which
 * Fastify's own `handlerTimeout` would have counted: a slow sender is refused as one. Stands behind `trackTiming`.
 */
export function setDeadline(app: FastifyInstance, ms: number): void {
  app.decorateRequest('deadline', undefined);
  function arm(request: FastifyRequest, reply: FastifyReply, left: number): void {
    request.deadline = setTimeout(() => {
      request.deadline = undefined;
      const { work } = request;
      // While the body arrives, there is nothing to wait for.
      if (!work || isArriving(work)) return;
      const more = ms - workMs(work);
      if (more > 0) arm(request, reply, more);
      else if (!reply.sent && !reply.raw.headersSent) reply.send(new DeadlineError(ms));
    }, left);
  }
  app.addHook('onRequest', (request, reply, done) => {
    arm(request, reply, ms);
    onWorkEnd(request, () => clearTimeout(request.deadline));
    done();
  });
  app.addHook('preValidation', (request, reply, done) => {
    if (!request.deadline && request.work) arm(request, reply, ms - workMs(request.work));
    done();
  });
}

/** What a handler comes to; nothing where the deadline has answered already, and a late result or failure is nobody's. */
export async function withDeadline<Answer>(reply: FastifyReply, answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    const made = await answer;
    return reply.sent ? undefined : made;
  } catch (error) {
    if (!reply.sent) throw error;
    reply.log.warn({ err: error }, 'failed after its time');
    return undefined;
  }
}
