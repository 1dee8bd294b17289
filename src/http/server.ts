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
import { type Connections, trackConnections } from './connections.ts';
import { refusalOf } from './refusal.ts';
import { shedLoad } from './shedding.ts';
import { refuseConnect, refuseExpectation, refuseUnparsed } from './unparsed.ts';
import { refuseUnreadable } from './unreadable.ts';
import { trackWork } from './work.ts';

/** What browsers may do and see from an allowed origin: all that the doors know. */
const CORS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  exposedHeaders: ['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
  maxAge: 600,
  // An OPTIONS that is no preflight gets the answer of one, rather than a complaint in plain text.
  strictPreflight: false,
};

/** Longest time in ms that a request may take to arrive. */
const REQUEST_MS = 30_000;

/** Longest time in ms that a shutdown waits for requests under way. */
const GRACE_MS = 5_000;

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** Answers a request that reached no door, such as one whose address cannot be decoded. */
function refuseUnrouted(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message, headers = {} } = refusalOf(error);
  reply.code(status).headers(headers).send({ error: message, code });
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
  /** Most requests that are answered at once; 0: no limit. */
  inFlightLimit: number;
}

/** Builds the HTTP server: what stands in front of all doors, and answers where there is none. */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { log, corsOrigins, trustProxy, inFlightLimit } = options;
  const app = fastify({
    loggerInstance: log,
    http: { requireHostHeader: false },
    clientErrorHandler: (error, socket) => refuseUnparsed(error, socket, connections.isBusy(socket)),
    frameworkErrors: refuseUnrouted,
    // Uids and device tokens are parameters of paths: 255 characters of four bytes, or 1024, percent-encoded.
    routerOptions: { maxParamLength: 4096 },
    requestTimeout: REQUEST_MS,
    // What comes on an open connection is answered until that is closed.
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    trustProxy: trustProxy.length > 0 && trustProxy,
  });
  const connections = trackConnections(app.server);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  if (corsOrigins.length > 0) await app.register(cors, { ...CORS, origin: corsOrigins });
  trackWork(app);
  if (inFlightLimit > 0) shedLoad(app, inFlightLimit);
  app.addHook('onRequest', refuseUnreadable);
  app.addHook('onResponse', logRequest);
  app.server.on('checkExpectation', refuseExpectation).on('connect', refuseConnect);
  closeInTime(app, connections);
  app.setErrorHandler<FastifyError>(refuseUnrouted);
  refuseWhereThereIsNoDoor(app);
  return app;
}

async function logRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { method, url } = request;
  const [path] = url.split('?', 1);
  const [status, ms] = [reply.statusCode, Math.round(reply.elapsedTime * 10) / 10];
  request.log.info({ method, path, status, ms }, `${method} ${path} ${status} ${ms} ms`);
}

function closeInTime(app: FastifyInstance, { closeIdle }: Connections): void {
  app.addHook('preClose', async () => {
    closeIdle();
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref();
  });
}

/** Each door says what it takes; where there is none, a body is not looked at. */
function refuseWhereThereIsNoDoor(app: FastifyInstance): void {
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
