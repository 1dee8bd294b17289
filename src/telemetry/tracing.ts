import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  createContextKey,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm, OTLPExporterError } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  type BatchSpanProcessorOptions,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanLimits,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { describeDatabaseError } from '../db/errors.ts';
import { version } from '../version.ts';
import type { BatchMessage, JobMessage, OperationMessage, StatementMessage } from './channels.ts';
import { describeError, redactLine } from './redact.ts';
import type { EndedRequest, StartedRequest, Tracer } from './work.ts';

type BatchOption = 'scheduledDelayMillis' | 'exportTimeoutMillis' | 'maxQueueSize' | 'maxExportBatchSize';

/** How traces are sampled and exported. */
export interface TracingSettings {
  /** Where spans are posted, such as `http://127.0.0.1:4318/v1/traces`. */
  url: string;
  /** They can contain credentials. */
  headers: Record<string, string>;
  protocol: 'http/protobuf' | 'http/json';
  compression: 'none' | 'gzip';
  /** Maximum duration in ms of an export, with its retries. */
  timeoutMs: number;
  /** Trusted certificates, and the certificate and key of this client, in PEM format. */
  tls: { ca?: string; cert?: string; key?: string };
  batches: Required<Pick<BatchSpanProcessorOptions, BatchOption>>;
  spanLimits: Required<SpanLimits>;
  sampling: {
    /** The part of the traces that begin here which is sampled, from 0 to 1. */
    ratio: number;
    /** Whether a trace that a router has begun is sampled if the router samples it. */
    followsParent: boolean;
  };
  /** Whether traces of routers are continued (`traceparent`). */
  continuesTraces: boolean;
  /** Attributes of this service, such as `service.name`. */
  resource: Record<string, string>;
}

/** Maximum time in ms for which a shutdown waits for the last export. */
const FLUSH_MS = 2_000;

/** Maximum number of spans of a step of a job; further ones are dropped. */
const MAX_JOB_SPANS = 500;

/** Codes of errors of the gateway, as opposed to errors of its callers. */
const SERVER_ERRORS = new Set(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE']);

/** Starts exporting traces. Load this module only if traces are on: OpenTelemetry takes time and memory. */
export function startTracing(settings: TracingSettings, log: Logger): Tracer {
  const { url, resource, spanLimits } = settings;
  const exporter = new LoggedExporter(createExporter(settings), log);
  const jobs = new JobSpanFilter(new BatchSpanProcessor({ ...settings.batches, exporter }));
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.version': version,
      'service.instance.id': randomUUID(),
      ...resource,
    }),
    sampler: createSampler(settings.sampling),
    spanLimits,
    spanProcessors: [jobs],
  });
  log.info(`exporting traces to ${new URL(url).origin}`);
  return new OtlpTracer(provider, jobs, settings);
}

/** Each option is set, so that the exporter uses none of the environment that the configuration has rejected. */
function createExporter({ url, headers, protocol, compression, timeoutMs, tls }: TracingSettings): SpanExporter {
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  return new Exporter({
    url,
    headers,
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    timeoutMillis: timeoutMs,
    httpAgentOptions: { keepAlive: true, ...tls },
  });
}

/** With `followsParent`, `OtlpTracer` has decided which traces to begin: that costs less than a span that is not sampled. */
function createSampler({ ratio, followsParent }: TracingSettings['sampling']): Sampler {
  if (followsParent) return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  return ratio === 0
    ? new AlwaysOffSampler()
    : ratio === 1
      ? new AlwaysOnSampler()
      : new TraceIdRatioBasedSampler(ratio);
}

/** Spans of OpenTelemetry, named by its semantic conventions. They contain no text of documents or statements, and no values. */
class OtlpTracer implements Tracer {
  readonly #provider: TracerProvider;
  readonly #tracer: ReturnType<TracerProvider['getTracer']>;
  readonly #jobs: JobSpanFilter;
  readonly #propagator: W3CTraceContextPropagator | undefined;

  /** The part of the traces that is begun. */
  readonly #ratio: number;

  constructor(provider: TracerProvider, jobs: JobSpanFilter, { continuesTraces, sampling }: TracingSettings) {
    this.#provider = provider;
    this.#jobs = jobs;
    this.#tracer = provider.getTracer('usergraph', version);
    this.#propagator = continuesTraces ? new W3CTraceContextPropagator() : undefined;
    this.#ratio = sampling.followsParent ? sampling.ratio : 1;
  }

  startRequest({ method, route, scheme, headers }: StartedRequest): Span | undefined {
    const parent = this.#propagator?.extract(ROOT_CONTEXT, headers, defaultTextMapGetter) ?? ROOT_CONTEXT;
    if (parent === ROOT_CONTEXT && Math.random() >= this.#ratio) return undefined;
    const attributes: Attributes = { 'http.request.method': method, 'url.scheme': scheme };
    if (route !== undefined) attributes['http.route'] = route;
    const name = route === undefined ? method : `${method} ${route}`;
    return recording(this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent));
  }

  endRequest(span: Span, { status, isComplete, error, workspaceId }: EndedRequest): void {
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (workspaceId !== undefined) span.setAttribute('usergraph.workspace.id', workspaceId);
    if (status !== undefined && status >= 500) fail(span, String(status), error);
    else if (!isComplete) fail(span, 'client_disconnected');
    span.end();
  }

  startOperation({ type, name, hash, cost, parseMs, validateMs }: OperationMessage, parent: Span): Span {
    const attributes: Attributes = {
      'graphql.operation.type': type,
      'graphql.document.hash': hash,
      'usergraph.operation.cost': cost,
      'usergraph.operation.parse_ms': parseMs,
      'usergraph.operation.validate_ms': validateMs,
    };
    if (name !== undefined) attributes['graphql.operation.name'] = name;
    return this.#tracer.startSpan(type, { attributes }, contextOf(parent));
  }

  endOperation(span: Span, { errorCodes = [], causes = [], isRejected, error }: OperationMessage): void {
    if (isRejected) span.setAttribute('usergraph.operation.rejected', true);
    if (errorCodes.length > 0) span.setAttribute('usergraph.operation.error_codes', [...new Set(errorCodes)]);
    const place = errorCodes.findIndex((code) => SERVER_ERRORS.has(code));
    if (place !== -1) fail(span, errorCodes[place], causes[place]);
    else if (error !== undefined) fail(span, undefined, error);
    span.end();
  }

  startBatch({ name, size }: BatchMessage, [parent, ...others]: readonly Span[]): Span | undefined {
    if (!parent) return undefined;
    const links = others.map((other) => ({ context: other.spanContext() }));
    const attributes = { 'usergraph.batch.name': name, 'usergraph.batch.size': size };
    const span = this.#tracer.startSpan(`batch ${name}`, { attributes, links }, contextOf(parent));
    // The other traces contain neither the batch nor its statement.
    for (const other of others) other.addLink({ context: span.spanContext(), attributes });
    return span;
  }

  endBatch(span: Span, { error }: BatchMessage): void {
    if (error !== undefined) fail(span, sqlStateOf(error));
    span.end();
  }

  startStatement({ label }: StatementMessage, parent: Span): Span {
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': label };
    return this.#tracer.startSpan(label, { kind: SpanKind.CLIENT, attributes }, contextOf(parent));
  }

  endStatement(span: Span, { error }: StatementMessage): void {
    if (error !== undefined) {
      const sqlState = sqlStateOf(error);
      if (sqlState !== undefined) span.setAttribute('db.response.status_code', sqlState);
      fail(span, sqlState, error);
    }
    span.end();
  }

  startJob({ name }: JobMessage): Span | undefined {
    if (Math.random() >= this.#ratio) return undefined;
    return recording(
      this.#tracer.startSpan(`job ${name}`, { attributes: { 'usergraph.job.name': name } }, JOB_CONTEXT),
    );
  }

  endJob(span: Span, { hasWorked, error }: JobMessage): void {
    if (hasWorked || error !== undefined) {
      span.setAttribute('usergraph.job.has_worked', true);
      this.#jobs.keep(span);
    }
    if (error !== undefined) fail(span, undefined, error);
    span.end();
  }

  async stop(): Promise<void> {
    await Promise.race([this.#provider.shutdown().catch(() => {}), delay(FLUSH_MS, undefined, { ref: false })]);
  }
}

const contextOf = (parent: Span): Context => trace.setSpan(ROOT_CONTEXT, parent);

/** The span if it is sampled. */
const recording = (span: Span): Span | undefined => (span.isRecording() ? span : undefined);

/** The SQLSTATE of an error of PostgreSQL. */
function sqlStateOf(error: unknown): string | undefined {
  return describeDatabaseError(error).sqlState || undefined;
}

/** Marks a span as failed, and adds the error without personal data. @param type by default, the name of the error's class. */
function fail(span: Span, type: string | undefined, error?: unknown): void {
  const described = describeError(error);
  span.setAttribute('error.type', type ?? described?.type ?? '_OTHER');
  span.setStatus({ code: SpanStatusCode.ERROR });
  if (!described) return;
  span.addEvent('exception', {
    'exception.type': described.type,
    'exception.message': redactLine(described.message),
    'exception.stacktrace': redactLine(described.stack),
  });
}

/** Of a response, only the status is logged: its text can repeat headers with credentials. */
function describeFailure(error: Error | undefined): { status: number } | { err: Error | undefined } {
  return error instanceof OTLPExporterError && error.code !== undefined ? { status: error.code } : { err: error };
}

/** Logs when exports begin to fail, and when they succeed again. The spans of a failed export are dropped. */
class LoggedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Logger;
  #hasFailed = false;

  constructor(exporter: SpanExporter, log: Logger) {
    this.#exporter = exporter;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, (result) => {
      const hasFailed = result.code === ExportResultCode.FAILED;
      if (hasFailed && !this.#hasFailed)
        this.#log.warn(describeFailure(result.error), 'cannot export traces; dropping them');
      if (!hasFailed && this.#hasFailed) this.#log.info('exporting traces again');
      this.#hasFailed = hasFailed;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

const IS_JOB = createContextKey('usergraph job');

/** The parent of the spans of jobs. */
const JOB_CONTEXT = ROOT_CONTEXT.setValue(IS_JOB, true);

/** The trace of a step of a job that is running. */
interface JobTrace {
  /** The id of the span of the step. */
  spanId: string;
  /** Its other spans that have ended. */
  spans: ReadableSpan[];
  isKept: boolean;
}

/**
 * Holds the spans of a step of a job until the step ends, and drops them if it found no work: jobs look for work several times
 * a second. Attributes do not tell which spans are those of jobs: their number can be limited to 0.
 */
class JobSpanFilter implements SpanProcessor {
  readonly #next: SpanProcessor;
  /** By trace id. */
  readonly #held = new Map<string, JobTrace>();

  constructor(next: SpanProcessor) {
    this.#next = next;
  }

  onStart(span: Parameters<SpanProcessor['onStart']>[0], parentContext: Context): void {
    if (parentContext.getValue(IS_JOB)) {
      const { traceId, spanId } = span.spanContext();
      this.#held.set(traceId, { spanId, spans: [], isKept: false });
    }
    this.#next.onStart(span, parentContext);
  }

  /** Keeps the trace of a job, whose span is about to end. */
  keep(span: Span): void {
    const held = this.#held.get(span.spanContext().traceId);
    if (held) held.isKept = true;
  }

  onEnd(span: ReadableSpan): void {
    const { traceId, spanId } = span.spanContext();
    const held = this.#held.get(traceId);
    if (!held) this.#next.onEnd(span);
    else if (held.spanId === spanId) {
      this.#held.delete(traceId);
      if (held.isKept) for (const each of [...held.spans, span]) this.#next.onEnd(each);
    } else if (held.spans.length < MAX_JOB_SPANS) held.spans.push(span);
  }

  forceFlush(): Promise<void> {
    return this.#next.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#next.shutdown();
  }
}
