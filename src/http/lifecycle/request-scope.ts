import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CLIENT_CLOSED_REQUEST, type RequestRecord, type Scope, scopes } from '../../telemetry/channels.ts';
import type { RequestMetrics } from '../../telemetry/metrics/http.ts';
import { describeSlowOperation, SlowOperationLimit } from '../../telemetry/slow-operations.ts';
import type { Tracer } from '../../telemetry/work.ts';
import { isClosed, onResponseSent, onWorkEnd, workMs } from './timing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined unless traces or the log of slow operations are on. */
    scope?: Scope | undefined;
    /** The error that a handler or a hook has thrown, if the request is traced. */
    thrown?: unknown;
  }
}

/** How requests are observed. */
export interface RequestObservation {
  /** Undefined: no metrics. */
  metrics?: RequestMetrics | undefined;
  /** Undefined: no traces. */
  tracer?: Tracer | undefined;
  /** Requests that take at least this many ms of work are logged as slow; 0: none. */
  slowMs: number;
}

/** Measures requests, traces them and logs slow ones. Register it after `trackTiming`, before other hooks. */
export function observeRequests(app: FastifyInstance, { metrics, tracer, slowMs }: RequestObservation): void {
  if (metrics) measureRequests(app, metrics);
  if (tracer || slowMs > 0) giveScopes(app, tracer, slowMs);
}

function measureRequests(app: FastifyInstance, metrics: RequestMetrics): void {
  app.addHook('onRequest', (request, reply, done) => {
    metrics.start();
    onResponseSent(request, () => {
      const { method, routeOptions } = request;
      metrics.end({ method, route: routeOptions.url, status: statusOf(reply), seconds: reply.elapsedTime / 1_000 });
    });
    done();
  });
}

/** The status of the response; undefined if the client disconnected before it began. */
const statusOf = ({ raw }: FastifyReply): number | undefined => (raw.headersSent ? raw.statusCode : undefined);

/**
 * Gives each request a scope, to which its work is attributed; creates its span, and logs it if it is slow. Health checks have
 * no scope.
 */
function giveScopes(app: FastifyInstance, tracer: Tracer | undefined, slowMs: number): void {
  const slow = slowMs > 0 ? new SlowOperationLimit(slowMs, app.log) : undefined;
  app.decorateRequest('scope');
  app.decorateRequest('thrown');
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.essential) return done();
    const span = tracer && startSpan(tracer, request, reply);
    const record: RequestRecord = { statements: [] };
    request.scope = { requests: slow ? [record] : [], span };
    if (slow) logIfSlow(request, reply, record, slow);
    scopes.run(request.scope, done);
  });
  // The events of the body, and waiting for a turn, have lost the asynchronous context.
  app.addHook('preHandler', ({ scope }, _reply, done) => {
    if (scope) scopes.run(scope, done);
    else done();
  });
  app.addHook('onError', (request, _reply, error, done) => {
    if (request.scope?.span) request.thrown = error;
    done();
  });
}

/** Starts the span of a request, and adds the id of its trace to its log lines. */
function startSpan(tracer: Tracer, request: FastifyRequest, reply: FastifyReply): Scope['span'] {
  const { method, headers, routeOptions, protocol } = request;
  const scheme = protocol === 'https' ? 'https' : 'http';
  const span = tracer.startRequest({ method, headers, scheme, route: routeOptions.url });
  if (!span) return undefined;
  // Not a child of the request's logger: one more prototype makes all lines slower.
  request.log = request.server.log.child({ requestId: request.id, trace_id: span.spanContext().traceId });
  reply.log = request.log;
  onResponseSent(request, () => {
    tracer.endRequest(span, {
      status: statusOf(reply),
      isComplete: reply.raw.writableFinished,
      error: request.thrown,
      workspaceId: request.viewer?.workspaceId,
    });
  });
  return span;
}

/** Logs a request whose work took too long. The time in which its body arrives is not work, except for uploads of files. */
function logIfSlow(
  request: FastifyRequest,
  reply: FastifyReply,
  record: RequestRecord,
  limit: SlowOperationLimit,
): void {
  const { method, routeOptions, timing } = request;
  if (!timing || routeOptions.config.isUpload) return;
  onWorkEnd(request, () => {
    const ms = workMs(timing);
    if (!limit.admits(ms)) return;
    const status = isClosed(timing) ? CLIENT_CLOSED_REQUEST : reply.statusCode;
    const facts = { method, route: routeOptions.url, status, ms: Math.round(ms * 10) / 10 };
    const workspaceId = request.viewer?.workspaceId;
    request.log.warn({ ...facts, workspaceId, ...describeSlowOperation(record) }, 'slow operation');
  });
}
