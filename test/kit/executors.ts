import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { createApp, type Dependencies } from '../../src/app.ts';
import { defaultLimits } from '../../src/config/limits.ts';
import { startApp } from './app.ts';
import { unlimited } from './unlimited.ts';

/** The parts of a response that have to be the same for both executors. */
interface Response {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

const COMPARED_HEADERS = ['content-type', 'allow', 'retry-after', 'www-authenticate', 'accept'];

/** Starts two gateways on one database: one as in production, and one that executes every request with Yoga's handler. */
export async function startExecutors(options: Pick<Dependencies, 'persistedOperations'> = {}) {
  const direct = await startApp(options);
  const yoga = await createApp({
    db: direct.db,
    log: pino({ level: 'silent' }),
    readiness: async () => undefined,
    corsOrigins: [],
    limits: { ...defaultLimits, documentMs: 0 },
    ...unlimited,
    executeDirectly: false,
    ...options,
  });

  async function send(app: FastifyInstance, request: InjectOptions, authorization: string): Promise<Response> {
    const headers = { authorization, 'x-request-id': 'same', ...request.headers };
    const response = await app.inject({ method: 'POST', url: '/graphql', ...request, headers });
    const compared = Object.entries(response.headers).filter(([name]) => COMPARED_HEADERS.includes(name));
    return { status: response.statusCode, headers: Object.fromEntries(compared), body: response.body };
  }

  return {
    ...direct,
    /** The gateway that executes every request with Yoga's handler. */
    yoga,
    /**
     * Sends the same request to both gateways.
     * @param callers of a write: one of each workspace, so that neither write sees the other.
     */
    async both(
      request: InjectOptions,
      callers: [string, string] = [direct.owner, direct.owner],
    ): Promise<[Response, Response]> {
      return [await send(direct.app, request, callers[0]), await send(yoga, request, callers[1])];
    },
    async [Symbol.asyncDispose]() {
      await yoga.close();
      await direct[Symbol.asyncDispose]();
    },
  };
}

/** A request with a GraphQL operation as its JSON body. */
export const graphqlBody = (query: unknown, params: object = {}): InjectOptions => ({
  headers: { 'content-type': 'application/json' },
  payload: JSON.stringify({ query, ...params }),
});
