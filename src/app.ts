import type { FastifyInstance } from 'fastify';
import { createAuthenticate } from './auth/authenticate.ts';
import type { VerifyToken } from './auth/tokens.ts';
import type { Database } from './db/client.ts';
import { servedSchema } from './federation/subgraph.ts';
import { type GraphiQLDoor, graphiqlDoor } from './graphiql/door.ts';
import { graphqlDoor } from './graphql/door.ts';
import { healthDoor, type Readiness } from './health/door.ts';
import { type AdmissionLimits, createAdmit } from './http/admit.ts';
import type { Counter } from './http/count-points.ts';
import { createCharge, type RateLimits } from './http/rate-limit.ts';
import { createHttpServer, type HttpServerOptions } from './http/server.ts';
import { restDoor } from './rest/door.ts';

/** What the gateway is made of. */
export interface Dependencies extends HttpServerOptions {
  db: Database;
  readiness: Readiness;
  /** Points a minute for each key that has no limit of its own. */
  rateLimits: RateLimits;
  /** Left out: they are counted in this process alone. */
  counter?: Counter | undefined;
  admissionLimits: AdmissionLimits;
  /** Left out: no tokens are let in. */
  verifyToken?: VerifyToken | undefined;
  /** False: every GraphQL request goes through Yoga's own handler, to compare with. */
  fastLane?: boolean;
  /** False, or left out: no GraphiQL. */
  graphiql?: GraphiQLDoor | false;
}

/** Builds the gateway: the HTTP server with its doors. It does not listen yet. */
export async function createApp(dependencies: Dependencies): Promise<FastifyInstance> {
  const { db, readiness, verifyToken, fastLane = true, graphiql } = dependencies;
  const app = await createHttpServer(dependencies);
  await app.register(healthDoor, { readiness });
  if (graphiql) await app.register(graphiqlDoor, graphiql);
  const charge = createCharge(dependencies.rateLimits, dependencies.counter);
  const door = { db, admit: createAdmit(createAuthenticate(db, verifyToken), dependencies.admissionLimits), charge };
  await app.register(graphqlDoor, { ...door, schema: servedSchema, fastLane });
  await app.register(restDoor, door);
  return app;
}
