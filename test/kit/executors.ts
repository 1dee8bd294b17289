import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { createApp, type Dependencies } from '../../src/app.ts';
import { defaultLimits } from '../../src/config/limits.ts';
import { startApp } from './app.ts';
import { unlimited } from './unlimited.ts';

/** What of an answer a client can tell. */
interface Told {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

const matter = ['content-type', 'allow', 'retry-after', 'www-authenticate', 'accept'];

/** The gateway twice on one database: as it is, and with every GraphQL request going through Yoga's own handler. */
export async function startLanes(options: Pick<Dependencies, 'persistedOperations'> = {}) {
  const fast = await startApp(options);
  const full = await createApp({
    db: fast.db,
    log: pino({ level: 'silent' }),
    readiness: async () => undefined,
    corsOrigins: [],
    limits: { ...defaultLimits, documentMs: 0 },
    ...unlimited,
    executeDirectly: false,
    ...options,
  });

  async function tell(app: FastifyInstance, request: InjectOptions, authorization: string): Promise<Told> {
    const headers = { authorization, 'x-request-id': 'lane', ...request.headers };
    const response = await app.inject({ method: 'POST', url: '/graphql', ...request, headers });
    const told = Object.entries(response.headers).filter(([name]) => matter.includes(name));
    return { status: response.statusCode, headers: Object.fromEntries(told), body: response.body };
  }

  return {
    ...fast,
    full,
    /** Sends the same request both ways, by the same caller; or a write by two callers, each to a workspace of its own. */
    async both(request: InjectOptions, callers: [string, string] = [fast.owner, fast.owner]): Promise<[Told, Told]> {
      return [await tell(fast.app, request, callers[0]), await tell(full, request, callers[1])];
    },
    async [Symbol.asyncDispose]() {
      await full.close();
      await fast[Symbol.asyncDispose]();
    },
  };
}

/** A body that holds a GraphQL request. */
export const graphqlBody = (query: unknown, more: object = {}): InjectOptions => ({
  headers: { 'content-type': 'application/json' },
  payload: JSON.stringify({ query, ...more }),
});
