import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    deadline?: Deadline | undefined;
  }
}

/** When a request is to be answered. */
interface Deadline {
  timer: NodeJS.Timeout;
  /** When the timer was started, and how long in ms it was to run then. */
  since: number;
  ms: number;
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
 * Fastify's own `handlerTimeout` would have counted: a slow sender is refused as one.
 */
export function setDeadline(app: FastifyInstance, ms: number): void {
  app.decorateRequest('deadline', undefined);
  const start = (request: FastifyRequest, reply: FastifyReply, left: number) => {
    const expire = () => {
      if (!reply.sent && !reply.raw.headersSent) reply.send(new DeadlineError(ms));
    };
    request.deadline = { timer: setTimeout(expire, left), since: performance.now(), ms: left };
  };
  app.addHook('onRequest', (request, reply, done) => {
    start(request, reply, ms);
    done();
  });
  app.addHook('preParsing', ({ deadline }, _reply, payload, done) => {
    clearTimeout(deadline?.timer);
    if (deadline) deadline.ms -= performance.now() - deadline.since;
    done(null, payload);
  });
  app.addHook('preValidation', (request, reply, done) => {
    start(request, reply, request.deadline?.ms ?? ms);
    done();
  });
  app.addHook('onResponse', ({ deadline }, _reply, done) => {
    clearTimeout(deadline?.timer);
    done();
  });
}

/** What a handler comes to; nothing where the deadline has answered already, and a late result or failure is nobody's. */
export async function inTime<Answer>(reply: FastifyReply, answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    const made = await answer;
    return reply.sent ? undefined : made;
  } catch (error) {
    if (!reply.sent) throw error;
    reply.log.warn({ err: error }, 'failed after its time');
    return undefined;
  }
}
