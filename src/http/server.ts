import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
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
import { malformedRequestChannel } from '../telemetry/channels.ts';
import { MAX_PATH_PART_LENGTH, toErrorResponse } from './error-response.ts';
import { setDeadline } from './lifecycle/deadline.ts';
import { observeRequests, type RequestObservation } from './lifecycle/request-scope.ts';
import { closeInTime, endConnections, trackConnections } from './lifecycle/shutdown.ts';
import { trackTiming } from './lifecycle/timing.ts';
import { isUploading } from './lifecycle/uploads.ts';
import type { LoadShedding } from './limits/load-shedding.ts';
import { addLoadShedding } from './limits/load-shedding-hooks.ts';
import { limitUnreadResponses, type ResponseLimits } from './limits/unread-responses.ts';
import {
  checkHost,
  rejectConnect,
  rejectExpectation,
  rejectUnparsedRequest,
  rejectUnreadableRequest,
} from './malformed-requests.ts';
import { LOWERCASE_READ_AFTER_HEADER } from './read-routing.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** What browsers may send and read from an allowed origin: the methods and headers of all APIs. */
const CORS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  exposedHeaders: [
    ...['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
    ...['x-ignored-fields', 'link', LOWERCASE_READ_AFTER_HEADER],
  ],
  maxAge: 600,
  // Answers an OPTIONS request that is not a preflight like a preflight; the plugin would answer with plain text.
  strictPreflight: false,
};

/** Limits of the size of requests and of the time that they may take, in ms. */
export interface HttpLimits extends ResponseLimits {
  bodyBytes: number;
  /** Of the stored, compressed file of an import. */
  importBytes: number;
  /** Until a request is answered, without the time in which its body arrives. */
  requestMs: number;
  /** Until the headers have arrived. */
  headersMs: number;
  /** Until the whole request has arrived. */
  arrivalMs: number;
  /** How long a connection stays open without a request. */
  keepAliveMs: number;
}

/** How often in ms Node closes requests that exceed their arrival limits; Node's default is 30 s. */
const ARRIVAL_CHECK_INTERVAL_MS = 1_000;

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** Answers errors outside of the APIs, such as a path that cannot be decoded. */
function handleUnroutedError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, headers = {}, retryAfter } = toErrorResponse(error, request);
  // Hooks have not run for all of these requests.
  if (!request.timing) malformedRequestChannel.publish({ status });
  reply
    .code(status)
    .headers({ ...SECURITY_HEADERS, ...headers, 'x-request-id': request.id })
    .send({ error: message, code, retryAfter });
}

function requestIdOf({ headers }: { headers: Record<string, unknown> }): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : randomUUID();
}

/** The options of the HTTP server. */
export interface HttpServerOptions {
  log: FastifyBaseLogger;
  /** Origins from which browsers may call. */
  corsOrigins: string[];
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is trusted. */
  trustProxy: string[];
  load: LoadShedding;
  limits: HttpLimits & DatabaseTimeouts;
  /** Aborted when the shutdown begins: from then on, connections are closed after their next response. Default: never. */
  ending?: AbortSignal | undefined;
  /** Default: neither metrics nor traces nor a log of slow operations. */
  observation?: RequestObservation | undefined;
}

/** Creates the HTTP server: all checks and limits that apply before a request reaches an API, and the 404 handler. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { corsOrigins, limits, ending, load } = options;
  const app = createFastify(options, (socket) => connections.isResponding(socket));
  app.decorate('databaseTimeouts', limits);
  // Before the CORS plugin, whose OPTIONS route would otherwise get Fastify's own error handler.
  app.setErrorHandler<FastifyError>(handleUnroutedError);
  const connections = trackConnections(app.server);
  trackTiming(app);
  if (options.observation) observeRequests(app, options.observation);
  setDeadline(app, limits.requestMs);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    done();
  });
  app.addHook('onRequest', checkHost);
  if (corsOrigins.length > 0) await app.register(cors, { ...CORS, origin: corsOrigins });
  app.addHook('onRequest', rejectUnreadableRequest);
  addLoadShedding(app, load);
  if (ending) endConnections(app, ending);
  limitUnreadResponses(app, limits, connections);
  app.addHook('onResponse', logRequest);
  app.server.on('checkExpectation', rejectExpectation).on('connect', rejectConnect);
  closeInTime(app, connections);
  registerNotFoundHandler(app);
  return app;
}

/**
 * Creates the server with its limits of size and arrival.
 * @param isResponding whether a response is being sent on a connection.
 */
function createFastify(
  { log, limits, trustProxy }: HttpServerOptions,
  isResponding: (socket: Socket) => boolean,
): FastifyInstance {
  return fastify({
    loggerInstance: log,
    http: {
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      // Fastify sets it as well, but only after Node has compared it with the timeout of the headers.
      requestTimeout: limits.arrivalMs,
      connectionsCheckingInterval: ARRIVAL_CHECK_INTERVAL_MS,
    },
    clientErrorHandler: (error, socket) => {
      // Node has no arrival limit for each route.
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isUploading(socket)) return;
      rejectUnparsedRequest(error, socket, isResponding(socket), limits);
    },
    frameworkErrors: handleUnroutedError,
    routerOptions: { maxParamLength: MAX_PATH_PART_LENGTH },
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.arrivalMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Requests on an open connection are answered until the connection is closed.
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    trustProxy: trustProxy.length > 0 && trustProxy,
  });
}

/** Logs the route instead of the path, which can contain uids and therefore e-mail addresses. */
function logRequest(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { method, routeOptions } = request;
  const route = routeOptions.url ?? '(no route)';
  const [status, ms] = [reply.statusCode, Math.round(reply.elapsedTime * 10) / 10];
  request.log.info({ method, route, status, ms }, `${method} ${route} ${status} ${ms} ms`);
  done();
}

/** Answers requests without a route. Their bodies are discarded; each API registers its own content parsers. */
function registerNotFoundHandler(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({
      error: 'Not found. GraphQL is at /graphql; the REST API is documented at /v1/docs.',
      code: 'NOT_FOUND',
    }),
  );
}
