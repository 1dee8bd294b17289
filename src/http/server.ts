import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { DatabaseTimeouts } from '../db/timeouts.ts';
import { shedLoad } from './admission.ts';
import { closeInTime, endConnections } from './lifecycle/shutdown.ts';
import { trackConnections } from './lifecycle/shutdown.ts';
import { setDeadline } from './lifecycle/deadline.ts';
import type { LoadShedding } from './limits/load-shedding.ts';
import { type AnswerLimits, limitUnreadAnswers } from './limits/unread-answers.ts';
import { MAX_PATH_PART_LENGTH, refusalOf } from './error-response.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { rejectConnect, rejectExpectation, rejectUnparsedRequest } from './malformed-requests.ts';
import { checkHost, rejectUnreadableRequest } from './malformed-requests.ts';
import { trackTiming } from './lifecycle/timing.ts';

/** What browsers may do and see from an allowed origin: all that the doors know. */
const CORS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  exposedHeaders: ['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
  maxAge: 600,
  // An OPTIONS that is no preflight gets the answer of one, rather than a complaint in plain text.
  strictPreflight: false,
};

/** How large a request may be, and how long it may take; in ms. */
export interface HttpLimits extends AnswerLimits {
  bodyBytes: number;
  /** Until a request is answered, without the time that its body takes to arrive. */
  requestMs: number;
  headersMs: number;
  /** For a whole request to arrive. */
  arrivalMs: number;
  /** For a connection to stay open without a request. */
  keepAliveMs: number;
}

/** How often in ms Node looks for requests that do not arrive in time; else every 30 s. */
const CHECK_MS = 1_000;

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** Answers a request that reached no door, such as one whose address cannot be decoded. */
function handleUnroutedError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, headers = {}, retryAfter } = refusalOf(error, request);
  // Some of these requests have not met a hook.
  reply
    .code(status)
    .headers({ ...SECURITY_HEADERS, ...headers, 'x-request-id': request.id })
    .send({ error: message, code, retryAfter });
}

function requestIdOf({ headers }: { headers: Record<string, unknown> }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** What the server is to know. */
export interface HttpServerOptions {
  log: FastifyBaseLogger;
  /** Origins that browsers may call from. */
  corsOrigins: string[];
  /** Addresses and networks of the proxies that are believed about whom they speak for. */
  trustProxy: string[];
  /** Which requests this process works on. */
  load: LoadShedding;
  limits: HttpLimits & DatabaseTimeouts;
  /** Aborted when the gateway is to stop: from then on no connection is kept for another request. Left out: never. */
  ending?: AbortSignal | undefined;
}

/** Builds the HTTP server: what stands in front of all doors, and answers where there is none. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { log, corsOrigins, limits, ending, trustProxy, load } = options;
  const app = fastify({
    loggerInstance: log,
    http: {
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      // Fastify sets it, too, but later than Node compares the two.
      requestTimeout: limits.arrivalMs,
      connectionsCheckingInterval: CHECK_MS,
    },
    clientErrorHandler: (error, socket) => rejectUnparsedRequest(error, socket, connections.isAnswering(socket), limits),
    frameworkErrors: handleUnroutedError,
    routerOptions: { maxParamLength: MAX_PATH_PART_LENGTH },
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.arrivalMs,
    keepAliveTimeout: limits.keepAliveMs,
    // What comes on an open connection is answered until that is closed.
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    trustProxy: trustProxy.length > 0 && trustProxy,
  });
  app.decorate('timeouts', limits);
  // Before the plugin for CORS, whose route for OPTIONS would have Fastify's own handler.
  app.setErrorHandler<FastifyError>(handleUnroutedError);
  const connections = trackConnections(app.server);
  trackTiming(app);
  setDeadline(app, limits.requestMs);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    done();
  });
  app.addHook('onRequest', checkHost);
  if (corsOrigins.length > 0) await app.register(cors, { ...CORS, origin: corsOrigins });
  app.addHook('onRequest', rejectUnreadableRequest);
  shedLoad(app, load);
  if (ending) endConnections(app, ending);
  limitUnreadAnswers(app, limits, connections);
  app.addHook('onResponse', logRequest);
  app.server.on('checkExpectation', rejectExpectation).on('connect', rejectConnect);
  closeInTime(app, connections);
  registerNotFoundHandler(app);
  return app;
}

/** Tells the route rather than the path, which may hold uids, and so e-mail addresses. */
function logRequest(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { method, routeOptions } = request;
  const route = routeOptions.url ?? '(nowhere)';
  const [status, ms] = [reply.statusCode, Math.round(reply.elapsedTime * 10) / 10];
  request.log.info({ method, route, status, ms }, `${method} ${route} ${status} ${ms} ms`);
  done();
}

/** Each door says what it takes; where there is none, a body is not looked at. */
function registerNotFoundHandler(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  app.setNotFoundHandler(async (_request, reply) =>
    reply
      .code(404)
      .send({ error: 'There is nothing here. GraphQL is at /graphql, REST at /v1/docs.', code: 'NOT_FOUND' }),
  );
}
