import type { FastifyInstance } from 'fastify';
import { createAuthenticator } from './auth/authenticate.ts';
import type { VerifyToken } from './auth/tokens.ts';
import { UnauthenticatedError } from './auth/viewer.ts';
import type { DatabaseClient } from './db/client.ts';
import type { DatabaseTimeouts } from './db/timeouts.ts';
import { servedSchema } from './federation/subgraph.ts';
import type { GraphQLLimits } from './graphql/checks/limits.ts';
import { graphqlPlugin } from './graphql/plugin.ts';
import { healthRoutes, type Readiness } from './health/routes.ts';
import { type Authenticate, createAdmission, createAuthentication } from './http/authentication.ts';
import { createLoadShedding } from './http/limits/load-shedding.ts';
import { type Counter, createCharge, paceRejections, type RateLimits } from './http/limits/rate.ts';
import { addReadRouting, type ReadRouting } from './http/read-routing.ts';
import { createHttpServer, type HttpLimits, type HttpServerOptions } from './http/server.ts';
import { restRoutes } from './rest/routes.ts';
import { staticPages } from './static-pages/routes.ts';

/** The dependencies and settings of a gateway. */
export interface Dependencies extends Omit<HttpServerOptions, 'load'> {
  db: DatabaseClient;
  /** Undefined: all reads use `db`. */
  readRouting?: ReadRouting | undefined;
  readiness: Readiness;
  /** Size and time limits of requests. */
  limits: GraphQLLimits & HttpLimits & DatabaseTimeouts;
  /** Default points per minute for keys without their own limits. */
  rateLimits: RateLimits;
  /** Counts the points of keys; by default in this process only. */
  counter?: Counter | undefined;
  /** Concurrent requests per key, and failed logins per minute and address; 0: no limit. */
  admissionLimits: { concurrentRequests: number; failedLogins: number };
  /** Maximum in-flight requests of this process; 0: no limit. */
  inFlightLimit: number;
  /** Undefined: tokens are rejected. */
  verifyToken?: VerifyToken | undefined;
  /** False: all GraphQL requests use Yoga's handler, for comparison in tests. */
  executeDirectly?: boolean;
  /** Executions of a query before it is compiled, without pauses between queries, for tests. Undefined: as in production. */
  compileAfter?: number | undefined;
  /** The file of persisted operations, and whether all other operations are rejected. */
  persistedOperations?: { file: string; only: boolean } | undefined;
  /** False or undefined: GraphiQL is disabled. */
  graphiql?: GraphiQLSettings | false;
  /** The key that pages show and send by default. Undefined unless the database is the embedded one. */
  demoKey?: { publicKey: string; secret: string } | undefined;
}

interface GraphiQLSettings {
  /** Whether the page, which contains the schema, requires `schema:read`. */
  requiresSchemaRead?: boolean;
}

/** Builds the gateway: the HTTP server with the routes of all APIs. It does not listen yet. */
export async function createApp(dependencies: Dependencies): Promise<FastifyInstance> {
  const { db, readRouting, readiness, limits, verifyToken, graphiql, demoKey, persistedOperations } = dependencies;
  const { executeDirectly = true, compileAfter } = dependencies;
  const load = createLoadShedding(dependencies.inFlightLimit);
  const app = await createHttpServer({ ...dependencies, load });
  paceRejections(app);
  if (readRouting) addReadRouting(app, readRouting);
  await app.register(healthRoutes, { readiness, ending: dependencies.ending });
  const charge = createCharge(dependencies.rateLimits, dependencies.counter);
  const { concurrentRequests, failedLogins } = dependencies.admissionLimits;
  const authenticate = createAuthentication(createAuthenticator(db, verifyToken), failedLogins);
  const admit = createAdmission({ authenticate, charge, concurrencyLimit: concurrentRequests, load });
  await app.register(staticPages, {
    demoKey,
    graphiql: graphiql
      ? { authenticate: graphiql.requiresSchemaRead ? requireSchemaRead(authenticate) : undefined }
      : false,
  });
  const execution = { schema: servedSchema, executeDirectly, compileAfter, limits, persistedOperations };
  await app.register(graphqlPlugin, { db, readRouting, admit, charge, ...execution });
  await app.register(restRoutes, { db, readRouting, admit, charge, limits, demoKey });
  return app;
}

/** Answers 401 to callers without `schema:read`, so that a browser prompts for other credentials. */
function requireSchemaRead(authenticate: Authenticate): Authenticate {
  return async (request) => {
    const viewer = await authenticate(request);
    if (!viewer.scopes.has('schema:read')) throw new UnauthenticatedError();
    return viewer;
  };
}
