import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DatabaseClient } from '../db/client.ts';
import { ForbiddenError } from '../domain/shared/errors.ts';
import { parseJson, UnsafeNumber } from '../domain/shared/json-numbers.ts';
import { type Admit, requireViewer, viewerOf } from '../http/authentication.ts';
import { withDeadline } from '../http/lifecycle/deadline.ts';
import { POINTS } from '../http/limits/rate.ts';
import { decodeUtf8 } from '../http/malformed-requests.ts';
import { openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations/index.ts';
import { refuse } from './error-handler.ts';

/** What the door needs. */
export interface RestDoor {
  db: DatabaseClient;
  admit: Admit;
}

/**
 * Mounts the seed's REST operations at `/v1/users…`, and the same at `/users…` for the clients that know no
 * version; their document at `/v1/openapi.json`, and a page that shows it at `/v1/docs`, for anybody.
 */
export async function restRoutes(app: FastifyInstance, door: RestDoor): Promise<void> {
  app.get('/v1/openapi.json', async () => openApiDocument);
  await app.register(documentation);
  await app.register(mountOperations, { ...door, prefix: '/v1' });
  await app.register(mountOperations, door);
}

/** The page loads nothing from elsewhere, and works without TLS, which the plugin's own policy would not let it. */
const pagePolicy = {
  'default-src': "'self'",
  'img-src': "'self' data:",
  'style-src': "'self' 'unsafe-inline'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

async function documentation(app: FastifyInstance): Promise<void> {
  // The plugin's types know OpenAPI 3.0 alone.
  await app.register(swagger, { mode: 'static', specification: { document: openApiDocument as never } });
  await app.register(swaggerUi, {
    routePrefix: '/v1/docs',
    staticCSP: pagePolicy,
    uiConfig: { tryItOutEnabled: true, layout: 'BaseLayout' },
    theme: { title: openApiDocument.info.title },
  });
}

async function mountOperations(app: FastifyInstance, door: RestDoor): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/json\s*(;|$)/i, { parseAs: 'buffer' }, parseBody);
  app.setErrorHandler(refuse);
  requireViewer(app, door.admit);
  for (const operation of operations) mount(app, door, operation);
}

/** A body that is not JSON. */
class JsonError extends Error {
  readonly statusCode = 400;

  constructor(reason: string) {
    super(`The body cannot be read. ${reason}`);
  }
}

/** Fastify's content parser. Clients name JSON on requests without a body, too. */
function parseBody(
  request: FastifyRequest,
  bytes: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  decodeUtf8(request, bytes, (error, text = '') => {
    if (error) return done(error);
    try {
      const body = text === '' ? undefined : parseJson(text);
      // As a number, or it would pass for an object.
      done(null, body instanceof UnsafeNumber ? Number(body.source) : body);
    } catch (error) {
      done(new JsonError(error instanceof Error ? error.message : ''));
    }
  });
}

function mount(app: FastifyInstance, { db }: RestDoor, operation: Operation): void {
  const points = POINTS.request + (operation.method === 'GET' ? 0 : POINTS.write);
  app.route({
    method: operation.method,
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { points },
    preParsing: async (request) => {
      if (viewerOf(request).scopes.has(operation.scope)) return;
      throw new ForbiddenError(operation.summary, operation.scope);
    },
    handler: async (request, reply) => {
      const { params, query, body = {} } = request;
      const headers = { 'Idempotency-Key': request.headers['idempotency-key'] };
      const viewer = viewerOf(request);
      const context = { db: db.forWorkspace(viewer.workspaceId), viewer };
      request.hasWritten = operation.method !== 'GET';
      request.admitted?.addWork(operation.work ?? (request.hasWritten ? 1 : 0));
      const running = operation.run(context, { params, query, headers, body });
      return withDeadline(reply, running);
    },
  });
}
