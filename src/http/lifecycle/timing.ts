import type { FastifyInstance, FastifyRequest } from 'fastify';
import { reportListenerError } from '../../telemetry/listener-errors.ts';

/** The state of a request, and how long the gateway has worked on it. */
interface RequestTiming {
  /** `arriving`: not received yet. `processing`: received; it is processed to the end, even if the client disconnects. */
  state: 'arriving' | 'processing' | 'ended';
  /** Start in ms of the current period of work; undefined while the body arrives, which is not work. */
  startedAt: number | undefined;
  /** Work in ms before the current period. */
  earlierMs: number;
  onEnd: (() => void)[];
  /** Undefined once the response is sent, or the connection closed. */
  onSent: (() => void)[] | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the first hook. */
    timing?: RequestTiming;
  }
}

/** The client disconnected before the request was received. */
class ClientGoneError extends Error {
  readonly statusCode = 400;

  constructor() {
    super('The client disconnected before its request was received.');
  }
}

/**
 * Tracks the work on requests for `onWorkEnd`, `onResponseSent` and `workMs`. Work ends when the response is ready to be sent, or
 * when the client disconnects before its request is received; such a request reaches no handler. If a client disconnects later,
 * its request is processed to the end and keeps its slots until then.
 */
export function trackTiming(app: FastifyInstance): void {
  app.decorateRequest('timing');
  app.addHook('onRequest', (request, reply, done) => {
    const timing: RequestTiming = {
      state: 'arriving',
      startedAt: performance.now(),
      earlierMs: 0,
      onEnd: [],
      onSent: [],
    };
    request.timing = timing;
    reply.raw.on('close', () => {
      const { onSent = [] } = timing;
      timing.onSent = undefined;
      if (timing.state === 'arriving') end(timing);
      for (const callback of onSent) run(callback);
    });
    done();
  });
  app.addHook('preParsing', ({ timing }, _reply, payload, done) => {
    if (timing?.state === 'ended') return done(new ClientGoneError());
    if (timing) {
      timing.earlierMs = workMs(timing);
      timing.startedAt = undefined;
    }
    done(null, payload);
  });
  app.addHook('preValidation', ({ timing }, _reply, done) => {
    if (timing?.state === 'ended') return done(new ClientGoneError());
    if (timing) {
      timing.state = 'processing';
      timing.startedAt = performance.now();
    }
    done();
  });
  app.addHook('onSend', ({ timing }, _reply, _payload, done) => {
    if (timing) end(timing);
    done();
  });
}

/** Whether the body of a request is still arriving. */
export const isArriving = ({ startedAt }: Pick<RequestTiming, 'startedAt'>): boolean => startedAt === undefined;

/** Whether the connection was closed, or the response sent. While the work continues, this means that the client has disconnected. */
export const isClosed = ({ onSent }: Pick<RequestTiming, 'onSent'>): boolean => onSent === undefined;

/** Time in ms since a request began, excluding the time in which its body arrived. */
export function workMs({ startedAt, earlierMs }: Pick<RequestTiming, 'startedAt' | 'earlierMs'>): number {
  return startedAt === undefined ? earlierMs : earlierMs + performance.now() - startedAt;
}

/** Calls back once the work on a request ends; immediately if it has ended. */
export function onWorkEnd({ timing }: FastifyRequest, callback: () => void): void {
  if (!timing || timing.state === 'ended') run(callback);
  else timing.onEnd.push(callback);
}

/** Calls back once the operating system has taken the whole response or the connection is closed; immediately if it has. */
export function onResponseSent({ timing }: FastifyRequest, callback: () => void): void {
  if (timing?.onSent) timing.onSent.push(callback);
  else run(callback);
}

function end(timing: RequestTiming): void {
  timing.state = 'ended';
  for (const callback of timing.onEnd.splice(0)) run(callback);
}

/** Runs a callback. Its error must neither prevent the others, which release what the request has reserved, nor end the process. */
function run(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    reportListenerError(error, 'the end of a request');
  }
}
