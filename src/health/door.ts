import type { FastifyInstance } from 'fastify';

/** What readiness asks; a reason in words, or nothing where the gateway can serve. */
export type Readiness = () => Promise<string | undefined>;

/** Longest time in ms that readiness waits for its answer. */
const DEADLINE_MS = 2_000;

/**
 * Mounts `/health/live`, which says that the process runs, and `/health/ready`, which says whether it can serve:
 * the database answers and has every migration. 200 or 503, with `{ "status": … }`.
 */
export async function healthDoor(app: FastifyInstance, { readiness }: { readiness: Readiness }): Promise<void> {
  app.get('/health/live', { config: { essential: true } }, async () => ({ status: 'ok' }));
  app.get('/health/ready', { config: { essential: true } }, async (request, reply) => {
    const reason = await reasonWithin(readiness, (error) => request.log.warn({ err: error }, 'not ready'));
    return reason === undefined ? { status: 'ok' } : reply.code(503).send({ status: 'unavailable', reason });
  });
}

async function reasonWithin(readiness: Readiness, onError: (error: unknown) => void): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, DEADLINE_MS, 'The database does not answer in time.');
  try {
    return await Promise.race([readiness(), promise]);
  } catch (error) {
    onError(error);
    return 'The database cannot be reached.';
  } finally {
    clearTimeout(timer);
  }
}
