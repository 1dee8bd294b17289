import type { FastifyInstance } from 'fastify';

/** What readiness asks of the database; a reason in words, or nothing where the gateway can serve from it. */
export type Readiness = () => Promise<string | undefined>;

/** Longest time in ms that readiness waits for its answer. */
const DEADLINE_MS = 2_000;

/** How long in ms an answer of the database stands, whoever asks. */
const STANDS_MS = 250;

/** What the door needs. */
interface HealthDoor {
  readiness: Readiness;
  /** Aborted when the gateway is to stop. */
  ending?: AbortSignal | undefined;
}

/**
 * Mounts `/health/live`, which says that the process runs, and `/health/ready`, which says whether it can serve:
 * it is not about to stop, and the database answers and has every migration. 200 or 503, with `{ "status": … }`.
 */
export async function healthRoutes(app: FastifyInstance, { readiness, ending }: HealthDoor): Promise<void> {
  app.get('/health/live', { config: { essential: true } }, async () => ({ status: 'ok' }));
  const askDatabase = shared(
    () => reasonWithin(readiness, (error) => app.log.warn({ err: error }, 'not ready')),
    STANDS_MS,
  );
  app.get('/health/ready', { config: { essential: true } }, async (_request, reply) => {
    const reason = ending?.aborted ? 'The gateway is shutting down.' : await askDatabase();
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

/**
 * Asks once for all who ask while it takes, or shortly after: anybody may ask how the gateway is, and each time costs the
 * database something.
 * @param ms for how long an answer stands.
 */
export function shared<Answer>(ask: () => Promise<Answer>, ms: number): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  const forget = () => {
    answer = undefined;
  };
  const begin = () => {
    const asked = ask();
    const stand = () => setTimeout(forget, ms).unref();
    asked.then(stand, stand);
    return asked;
  };
  return () => {
    answer ??= begin();
    return answer;
  };
}
