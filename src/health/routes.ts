import type { FastifyInstance } from 'fastify';

/** Checks whether the gateway can serve from its database. @returns the reason if it cannot. */
export type Readiness = () => Promise<string | undefined>;

/** Timeout of a readiness check in ms. */
const TIMEOUT_MS = 2_000;

/** How long in ms the result of a readiness check is reused. */
const CACHE_TTL_MS = 250;

interface HealthRoutesOptions {
  readiness: Readiness;
  /** Aborted when the shutdown begins. */
  ending?: AbortSignal | undefined;
}

/**
 * Mounts `/health/live`, which answers 200 while the process runs, and `/health/ready`, which answers 200 if the gateway can
 * serve (it is not shutting down, the database responds and accepts writes, all migrations are applied), and 503 otherwise.
 */
export async function healthRoutes(app: FastifyInstance, { readiness, ending }: HealthRoutesOptions): Promise<void> {
  app.get('/health/live', { config: { essential: true } }, async () => ({ status: 'ok' }));
  const checkDatabase = coalesce(
    () => checkWithTimeout(readiness, (error) => app.log.warn({ err: error }, 'readiness check failed')),
    CACHE_TTL_MS,
  );
  app.get('/health/ready', { config: { essential: true } }, async (_request, reply) => {
    const reason = ending?.aborted ? 'The gateway is shutting down.' : await checkDatabase();
    return reason === undefined ? { status: 'ok' } : reply.code(503).send({ status: 'unavailable', reason });
  });
}

async function checkWithTimeout(readiness: Readiness, onError: (error: unknown) => void): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, TIMEOUT_MS, `The database did not respond within ${TIMEOUT_MS} ms.`);
  try {
    return await Promise.race([readiness(), promise]);
  } catch (error) {
    onError(error);
    return 'The database cannot be reached.';
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Coalesces concurrent calls into one, and reuses its result for a while. The health check is public, and each run executes
 * a statement.
 * @param ttlMs how long the result is reused.
 */
export function coalesce<Result>(run: () => Promise<Result>, ttlMs: number): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  const start = () => {
    const running = run();
    const expire = () => {
      setTimeout(() => {
        result = undefined;
      }, ttlMs).unref();
    };
    running.then(expire, expire);
    return running;
  };
  return () => {
    result ??= start();
    return result;
  };
}
