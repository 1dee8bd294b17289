import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { createAuthenticate } from './auth/authenticate.ts';
import type { VerifyToken } from './auth/tokens.ts';
import type { Database } from './db/client.ts';
import { servedSchema } from './federation/subgraph.ts';
import { type GraphiQLDoor, graphiqlDoor } from './graphiql/door.ts';
import { graphqlDoor } from './graphql/door.ts';
import { healthDoor, type Readiness } from './health/door.ts';
import { type CreateCounter, createCharge, type RateLimits } from './http/rate-limit.ts';
import { createHttpServer } from './http/server.ts';
import { restDoor } from './rest/door.ts';

/** What the gateway is made of. */
export interface Dependencies {
  db: Database;
  log: FastifyBaseLogger;
  readiness: Readiness;
  /** Aborted when the gateway is to stop: from then on no connection is kept for another request. Left out: never. */
  ending?: AbortSignal | undefined;
  /** Origins that browsers may call from. */
  corsOrigins: string[];
  /** Points a minute for each key. */
  rateLimits: RateLimits;
  /** Left out: they are counted in this process alone. */
  createCounter?: CreateCounter | undefined;
  /** Left out: no tokens are let in. */
  verifyToken?: VerifyToken | undefined;
  /** False: every GraphQL request goes through Yoga's own handler, to compare with. */
  fastLane?: boolean;
  /** False, or left out: no GraphiQL. */
  graphiql?: GraphiQLDoor | false;
}

/** Builds the gateway: the HTTP server with its doors. It does not listen yet. */
export async function createApp(dependencies: Dependencies): Promise<FastifyInstance> {
  const { db, log, readiness, corsOrigins, verifyToken, fastLane = true, graphiql } = dependencies;
  const app = await createHttpServer(log, corsOrigins, dependencies.ending);
  await app.register(healthDoor, { readiness });
  if (graphiql) await app.register(graphiqlDoor, graphiql);
  const charge = createCharge(dependencies.rateLimits, dependencies.createCounter);
  const door = { db, authenticate: createAuthenticate(db, verifyToken), charge };
  await app.register(graphqlDoor, { ...door, schema: servedSchema, fastLane });
  await app.register(restDoor, door);
  return app;
}
