import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What is being done for a request, until it is answered. */
interface Work {
  /** `taken`: it has arrived, and is gone on with even where the client has gone. */
  state: 'arriving' | 'taken' | 'ended';
  /** Since when, in ms, it is worked on; undefined while its body arrives, which its sender is to answer for. */
  since: number | undefined;
  /** For how many ms it was worked on before that. */
  ms: number;
  /** What waits for its end. */
  onEnd: (() => void)[];
  /** What waits until its answer is sent, or its connection closed; undefined once it is. */
  onSent: (() => void)[] | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set with the first hook. */
    work?: Work;
  }
}

/** Nobody waits for the answer, and nothing was begun for it. */
class ClientGoneError extends Error {
  readonly statusCode = 400;

  constructor() {
    super('The client has gone before its request had arrived.');
  }
}

/**
 * Has `onWorkEnd` know when the work for a request ends: when its answer is ready to be sent; or when the client goes
 * away before the request has arrived, which then reaches no handler. One that goes away later does not end the work, and makes
 * no room for more. And has `workMs` know how long the work takes.
 */
export function trackTiming(app: FastifyInstance): void {
  app.decorateRequest('work');
  app.addHook('onRequest', (request, reply, done) => {
    const work: Work = { state: 'arriving', since: performance.now(), ms: 0, onEnd: [], onSent: [] };
    request.work = work;
    reply.raw.on('close', () => {
      if (work.state === 'arriving') end(work);
      const { onSent = [] } = work;
      work.onSent = undefined;
      for (const act of onSent) act();
    });
    done();
  });
  app.addHook('preParsing', ({ work }, _reply, payload, done) => {
    if (work?.state === 'ended') return done(new ClientGoneError());
    if (work) {
      work.ms = workMs(work);
      work.since = undefined;
    }
    done(null, payload);
  });
  app.addHook('preValidation', ({ work }, _reply, done) => {
    if (work?.state === 'ended') return done(new ClientGoneError());
    if (work) {
      work.state = 'taken';
      work.since = performance.now();
    }
    done();
  });
  app.addHook('onSend', ({ work }, _reply, _payload, done) => {
    if (work) end(work);
    done();
  });
}

/** Whether a request's body is still arriving. */
export const isArriving = ({ since }: Pick<Work, 'since'>): boolean => since === undefined;

/** For how many ms a request has been worked on: since it came, but for the time in which its body arrived. */
export function workMs({ since, ms }: Pick<Work, 'since' | 'ms'>): number {
  return since === undefined ? ms : ms + performance.now() - since;
}

/** Calls something once, when the work for a request has ended; at once, where it has already. */
export function onWorkEnd({ work }: FastifyRequest, act: () => void): void {
  if (!work || work.state === 'ended') act();
  else work.onEnd.push(act);
}

/** Calls something once, when the system has taken the whole answer, or the connection has closed; at once, where it has. */
export function onAnswerSent({ work }: FastifyRequest, act: () => void): void {
  if (work?.onSent) work.onSent.push(act);
  else act();
}

function end(work: Work): void {
  work.state = 'ended';
  for (const act of work.onEnd.splice(0)) act();
}
