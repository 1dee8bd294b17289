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
import { createAuthenticate } from './auth/authenticate.ts';
import type { VerifyToken } from './auth/tokens.ts';
import type { Database } from './db/client.ts';
import { servedSchema } from './federation/subgraph.ts';
import { type GraphiQLDoor, graphiqlDoor } from './graphiql/door.ts';
import { graphqlDoor } from './graphql/door.ts';
import { healthDoor, type Readiness } from './health/door.ts';
import { trackConnections } from './http/connections.ts';
import { createCharge, type RateLimits } from './http/rate-limit.ts';
import { refusalOf } from './http/refusal.ts';
import { refuseExpectation, refuseUnparsed } from './http/unparsed.ts';
import { refuseUnreadable } from './http/unreadable.ts';
import { restDoor } from './rest/door.ts';

/** What the gateway is made of. */
export interface Dependencies {
  db: Database;
  log: FastifyBaseLogger;
  readiness: Readiness;
  /** Origins that browsers may call from. */
  corsOrigins: string[];
  /** Points a minute for each key. */
  rateLimits: RateLimits;
  /** Left out: no tokens are let in. */
  verifyToken?: VerifyToken | undefined;
  /** False, or left out: no GraphiQL. */
  graphiql?: GraphiQLDoor | false;
}

/** What browsers may do and see from an allowed origin: all that the doors know. */
const CORS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  exposedHeaders: ['x-request-id', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
  maxAge: 600,
};

/** Longest time in ms that a request may take to arrive. */
const REQUEST_MS = 30_000;

/** Longest time in ms that a shutdown waits for requests under way. */
const GRACE_MS = 5_000;

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** Answers a request that reached no door, such as one whose address cannot be decoded. */
function refuseUnrouted(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message } = refusalOf(error);
  reply.code(status).send({ error: message, code });
}

/** Builds the gateway: its doors, and what stands in front of all of them. It does not listen yet. */
export async function createApp(dependencies: Dependencies): Promise<FastifyInstance> {
  const { db, log, readiness, corsOrigins, rateLimits, verifyToken, graphiql } = dependencies;
  const app = fastify({
    loggerInstance: log,
    http: { requireHostHeader: false },
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: refuseUnrouted,
    // Uids and device tokens are parameters of paths: 255 characters of four bytes, or 1024, percent-encoded.
    routerOptions: { maxParamLength: 4096 },
    requestTimeout: REQUEST_MS,
    // What comes on an open connection is answered until that is closed.
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onRequest', refuseUnreadable);
  app.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?', 1)[0];
    const facts = {
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    request.log.info(facts, `${facts.method} ${path} ${facts.status} ${facts.ms} ms`);
  });
  app.server.on('checkExpectation', refuseExpectation);
  const closeIdle = trackConnections(app.server);
  app.addHook('preClose', async () => {
    closeIdle();
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref();
  });
  app.setErrorHandler<FastifyError>(refuseUnrouted);
  // Each door says what it takes; where there is none, a body is not looked at.
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
  if (corsOrigins.length > 0) await app.register(cors, { ...CORS, origin: corsOrigins });
  await app.register(healthDoor, { readiness });
  if (graphiql) await app.register(graphiqlDoor, graphiql);
  const door = { db, authenticate: createAuthenticate(db, verifyToken), charge: createCharge(rateLimits) };
  await app.register(graphqlDoor, { ...door, schema: servedSchema });
  await app.register(restDoor, door);
  return app;
}
