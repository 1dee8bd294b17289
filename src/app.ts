import type { FastifyInstance } from 'fastify';
import { createAuthenticate } from './auth/authenticate.ts';
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
import { type Counter, createCharge, type RateLimits } from './http/limits/rate.ts';
import { createHttpServer, type HttpLimits, type HttpServerOptions } from './http/server.ts';
import { restRoutes } from './rest/routes.ts';
import { graphiqlRoutes } from './static-pages/routes.ts';

/** What the gateway is made of. */
export interface Dependencies extends Omit<HttpServerOptions, 'load'> {
  db: DatabaseClient;
  readiness: Readiness;
  /** How much a request may ask for, and how long it may take. */
  limits: GraphQLLimits & HttpLimits & DatabaseTimeouts;
  /** Points a minute for each key that has no limit of its own. */
  rateLimits: RateLimits;
  /** Left out: they are counted in this process alone. */
  counter?: Counter | undefined;
  /** Requests of a key in flight at the same time, and wrong credentials a minute from an address; 0: no limit. */
  admissionLimits: { concurrentRequests: number; failedLogins: number };
  /** Most requests that this process works on at the same time; 0: no limit. */
  inFlightLimit: number;
  /** Left out: no tokens are let in. */
  verifyToken?: VerifyToken | undefined;
  /** False: every GraphQL request goes through Yoga's own handler, to compare with. */
  executeDirectly?: boolean;
  /** True: queries are compiled without pauses in between, for tests. */
  compileEagerly?: boolean;
  /** The file of the operations that may be asked for by an id, and whether no others are answered. */
  persistedOperations?: { file: string; only: boolean } | undefined;
  /** False, or left out: no GraphiQL. */
  graphiql?: GraphiQL | false;
}

/** How GraphiQL is served. */
interface GraphiQL {
  /** Filled in for whoever opens the page. */
  demoKey?: { publicKey: string; secret: string } | undefined;
  /** Whether the page is for those alone who may read the schema, which it shows. */
  forSchemaReaders?: boolean;
}

/** Builds the gateway: the HTTP server with its doors. It does not listen yet. */
export async function createApp(dependencies: Dependencies): Promise<FastifyInstance> {
  const { db, readiness, limits, verifyToken, graphiql, persistedOperations } = dependencies;
  const { executeDirectly = true, compileEagerly = false } = dependencies;
  const load = createLoadShedding(dependencies.inFlightLimit);
  const app = await createHttpServer({ ...dependencies, load });
  await app.register(healthRoutes, { readiness, ending: dependencies.ending });
  const charge = createCharge(dependencies.rateLimits, dependencies.counter);
  const { concurrentRequests, failedLogins } = dependencies.admissionLimits;
  const authenticate = createAuthentication(createAuthenticate(db, verifyToken), failedLogins);
  const admit = createAdmission({ authenticate, charge, concurrencyLimit: concurrentRequests, load });
  const door = { db, admit, charge };
  if (graphiql) {
    const { demoKey, forSchemaReaders } = graphiql;
    await app.register(graphiqlRoutes, {
      demoKey,
      authenticate: forSchemaReaders ? requireReader(authenticate) : undefined,
    });
  }
  const served = { schema: servedSchema, executeDirectly, compileEagerly, limits, persistedOperations };
  await app.register(graphqlPlugin, { ...door, ...served });
  await app.register(restRoutes, door);
  return app;
}

/** Asks a browser for credentials, and again for others, until they are those of somebody who may read the schema. */
function requireReader(authenticate: Authenticate): Authenticate {
  return async (request) => {
    const viewer = await authenticate(request);
    if (!viewer.scopes.has('schema:read')) throw new UnauthenticatedError();
    return viewer;
  };
}
