import type { Span } from '@opentelemetry/api';
import {
  type BatchMessage,
  batchChannel,
  type JobMessage,
  jobChannel,
  type OperationMessage,
  operationChannel,
  type Reported,
  type RequestRecord,
  type Scope,
  type StatementMessage,
  scopes,
  statementChannel,
} from './channels.ts';

/** A request when its headers have arrived. */
export interface StartedRequest {
  method: string;
  /** The pattern, such as `/v1/users/:uid`; undefined if there is no route. */
  route: string | undefined;
  scheme: 'http' | 'https';
  headers: Record<string, string | string[] | undefined>;
}

/** The end of a request. */
export interface EndedRequest {
  /** Undefined if the client disconnected before the response began. */
  status: number | undefined;
  /** Whether the client has received the whole response. */
  isComplete: boolean;
  /** The error that was thrown, if any; it can be one of the caller. */
  error: unknown;
  workspaceId: string | undefined;
}

/** Creates the spans of traces. Spans of work that is not sampled are undefined. */
export interface Tracer {
  startRequest(request: StartedRequest): Span | undefined;
  endRequest(span: Span, end: EndedRequest): void;
  startOperation(message: OperationMessage, parent: Span): Span;
  endOperation(span: Span, message: OperationMessage): void;
  /** Starts the span of a batch, which belongs to the first parent and has links to the others. */
  startBatch(message: BatchMessage, parents: readonly Span[]): Span | undefined;
  endBatch(span: Span, message: BatchMessage): void;
  startStatement(message: StatementMessage, parent: Span): Span;
  endStatement(span: Span, message: StatementMessage): void;
  startJob(message: JobMessage): Span | undefined;
  endJob(span: Span, message: JobMessage): void;
  /** Exports what has ended, for a limited time. */
  stop(): Promise<void>;
}

/**
 * Follows the work that this process reports: records what each request does, for the log of slow operations, and creates spans.
 * Call it once. Work outside of a scope is not followed, except for jobs.
 */
export function followWork(tracer: Tracer | undefined): void {
  followStatements(tracer);
  followOperations(tracer);
  followBatches(tracer);
  if (tracer) followJobs(tracer);
}

function followStatements(tracer: Tracer | undefined): void {
  statementChannel.subscribe({
    start(message) {
      const parent = scopes.getStore()?.span;
      if (parent) message.span = tracer?.startStatement(message, parent);
    },
    end(message, seconds) {
      for (const request of scopes.getStore()?.requests ?? []) addStatement(request, message.label, seconds * 1_000);
      if (message.span) tracer?.endStatement(message.span, message);
    },
  });
}

function followOperations(tracer: Tracer | undefined): void {
  operationChannel.subscribe({
    start(message) {
      const { requests, span: parent } = scopes.getStore() ?? NO_SCOPE;
      for (const request of requests) request.operation = message;
      if (parent) runInSpan(message, requests, tracer?.startOperation(message, parent));
    },
    end(message, seconds) {
      for (const request of scopes.getStore()?.requests ?? []) request.executeMs = seconds * 1_000;
      if (message.span) tracer?.endOperation(message.span, message);
    },
  });
}

function followBatches(tracer: Tracer | undefined): void {
  batchChannel.subscribe({
    start(message) {
      const current = scopes.getStore();
      const { scopes: loadScopes = [current] } = message;
      // The batch runs in the scope of its first load.
      const isShared = loadScopes.some((scope) => scope !== current);
      if (!isShared && !current?.span) return;
      const requests = new Set<RequestRecord>();
      const parents = new Set<Span>();
      for (const scope of loadScopes) {
        for (const request of scope?.requests ?? []) requests.add(request);
        if (scope?.span) parents.add(scope.span);
      }
      runInSpan(message, [...requests], parents.size > 0 ? tracer?.startBatch(message, [...parents]) : undefined);
    },
    end(message) {
      if (message.span) tracer?.endBatch(message.span, message);
    },
  });
}

/** Each step of a job is a trace of its own, whatever has started it. */
function followJobs(tracer: Tracer): void {
  jobChannel.subscribe({
    start: (message) => runInSpan(message, [], tracer.startJob(message)),
    end(message) {
      if (message.span) tracer.endJob(message.span, message);
    },
  });
}

const NO_SCOPE: Scope = { requests: [], span: undefined };

/** Makes reported work run in a scope with its own span. */
function runInSpan(message: Reported, requests: Scope['requests'], span: Span | undefined): void {
  message.span = span;
  message.scope = { requests, span };
}

/** Maximum number of labels that are listed for a request. */
const MAX_LABELS = 20;

/** Counts the statements of all further labels together. */
const OTHER_LABELS = '(others)';

function addStatement({ statements }: RequestRecord, label: string, ms: number): void {
  const name =
    statements.length < MAX_LABELS || statements.some((totals) => totals.label === label) ? label : OTHER_LABELS;
  const totals = statements.find((each) => each.label === name);
  if (totals) {
    totals.count += 1;
    totals.ms += ms;
  } else statements.push({ label: name, count: 1, ms });
}
