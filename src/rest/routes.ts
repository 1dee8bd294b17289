import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DatabaseClient } from '../db/client.ts';
import { ForbiddenError } from '../domain/shared/errors.ts';
import { parseJson } from '../domain/shared/json-numbers.ts';
import { type Admit, requireViewer, viewerOf } from '../http/authentication.ts';
import { withDeadline } from '../http/lifecycle/deadline.ts';
import { WORK_PER_WRITE } from '../http/limits/load-shedding.ts';
import { type Charge, POINTS } from '../http/limits/rate.ts';
import { decodeUtf8, MalformedRequestError, unparsableMessage } from '../http/malformed-requests.ts';
import { chooseReads, type ReadRouting } from '../http/read-routing.ts';
import { handleRestError } from './error-handler.ts';
import { type FileLimits, fileRoutes } from './files.ts';
import { ignoredFieldsHeader } from './ignored-input.ts';
import { openApiDocument } from './openapi.ts';
import { isWriting, type Operation, type RestLimits, readsReplicas } from './operation.ts';
import { operations } from './operations/index.ts';
import { withArrays } from './query.ts';
import { unservedRoutes } from './unserved-calls.ts';

interface DemoKey {
  publicKey: string;
  secret: string;
}

interface RestRoutesOptions {
  db: DatabaseClient;
  readRouting?: ReadRouting | undefined;
  admit: Admit;
  charge: Charge;
  limits: RestLimits & FileLimits;
  /** Credentials to fill in on the documentation page. They are public, so only those of the demo data may be used. */
  demoKey?: DemoKey | undefined;
}

/**
 * Mounts the REST operations at `/v1/users…` and, for clients that do not use the version, at `/users…`. The OpenAPI document at
 * `/v1/openapi.json` and its page at `/v1/docs` are public.
 */
export async function restRoutes(app: FastifyInstance, options: RestRoutesOptions): Promise<void> {
  app.get('/v1/openapi.json', async () => openApiDocument);
  await app.register(documentation, { demoKey: options.demoKey });
  await app.register(mountOperations, { ...options, prefix: '/v1' });
  await app.register(mountOperations, options);
  await app.register(fileRoutes, { ...options, prefix: '/v1' });
  await app.register(unservedRoutes, { prefix: '/v1' });
  await app.register(unservedRoutes);
}

/** The page loads nothing from other origins. The plugin's own policy would not work without TLS. */
const PAGE_POLICY = {
  'default-src': "'self'",
  'img-src': "'self' data:",
  'style-src': "'self' 'unsafe-inline'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

async function documentation(app: FastifyInstance, { demoKey }: Pick<RestRoutesOptions, 'demoKey'>): Promise<void> {
  // The plugin's types only cover OpenAPI 3.0.
  await app.register(swagger, { mode: 'static', specification: { document: openApiDocument as never } });
  await app.register(swaggerUi, {
    routePrefix: '/v1/docs',
    staticCSP: PAGE_POLICY,
    uiConfig: {
      tryItOutEnabled: true,
      layout: 'BaseLayout',
      requestInterceptor: omitBrowserCredentials,
      ...(demoKey && { onComplete: authorizeWith(demoKey) }),
    },
    theme: { title: openApiDocument.info.title },
  });
}

/**
 * Runs in the browser: sends only the credentials that are entered on the page. Otherwise, the browser answers a 401 with its
 * password dialog, and the page shows no response until the user closes it.
 */
const omitBrowserCredentials = <Request extends object>(request: Request): Request =>
  Object.assign(request, { credentials: 'omit' });

/** A function for the browser that enters credentials. The plugin writes the text of functions into the page's script. */
function authorizeWith({ publicKey, secret }: DemoKey): () => void {
  const credentials = [publicKey, secret].map((text) => JSON.stringify(text)).join(', ');
  return Object.assign(() => {}, { toString: () => `() => ui.preauthorizeBasic('basic', ${credentials})` });
}

async function mountOperations(app: FastifyInstance, options: RestRoutesOptions): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/json\s*(;|$)/i, { parseAs: 'buffer' }, parseBody);
  app.setErrorHandler(handleRestError);
  requireViewer(app, options.admit);
  for (const operation of operations) mount(app, options, operation);
}

/** Fastify's content parser. Some clients send the content type of JSON without a body. */
function parseBody(
  request: FastifyRequest,
  bytes: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  decodeUtf8(request, bytes, (error, text = '') => {
    if (error) return done(error);
    try {
      done(null, text === '' ? undefined : parseJson(text));
    } catch (error) {
      done(new MalformedRequestError(400, unparsableMessage('The body', error)));
    }
  });
}

type Parameters = Record<string, unknown>;

function mount(
  app: FastifyInstance,
  { db, readRouting, charge, limits }: RestRoutesOptions,
  operation: Operation,
): void {
  const isWrite = isWriting(operation);
  app.route<{ Params: Parameters; Querystring: Parameters }>({
    method: operation.method,
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(operation.itemsOf ? { bodyLimit: limits.bulkBodyBytes } : {}),
    config: { points: POINTS.request + (isWrite ? POINTS.write : 0) },
    // Before the body is read.
    preParsing: async (request) => {
      if (viewerOf(request).scopes.has(operation.scope)) return;
      throw new ForbiddenError(operation.summary, operation.scope);
    },
    handler: async (request, reply) => {
      const { params, body = {} } = request;
      const query = withArrays(request.query);
      const headers = { 'Idempotency-Key': request.headers['idempotency-key'], Prefer: request.headers.prefer };
      const viewer = viewerOf(request);
      const primary = db.forWorkspace(viewer.workspaceId);
      const source = readRouting && readsReplicas(operation) ? await chooseReads(readRouting, request) : undefined;
      const context = { db: primary, reads: source?.forWorkspace(viewer.workspaceId) ?? primary, viewer, limits };
      request.hasWritten = isWrite;
      const raw = { params, query, headers, body };
      const items = operation.itemsOf?.(raw) ?? 1;
      request.admitted?.addWork(operation.work?.(raw) ?? (isWrite ? WORK_PER_WRITE * items : 0));
      if (items > 1) await charge(viewer, reply, (items - 1) * POINTS.write);
      const running = operation.run(context, raw).then((result) => {
        if (result.status !== undefined) reply.code(result.status);
        if (result.ignoredFields.length > 0) {
          reply.header('X-Ignored-Fields', ignoredFieldsHeader(result.ignoredFields));
        }
        return result.body;
      });
      return withDeadline(reply, running);
    },
  });
}
