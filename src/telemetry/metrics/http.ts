import { Counter, Gauge, type Registry } from 'prom-client';
import {
  CLIENT_CLOSED_REQUEST,
  failedLoginChannel,
  type LimitMessage,
  limitChannel,
  malformedRequestChannel,
  type Unsubscribe,
} from '../channels.ts';
import { FastHistogram } from './histogram.ts';

/** Of OpenTelemetry's semantic conventions for `http.server.request.duration`. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of the gateway's routes; OpenTelemetry calls all others `_OTHER`. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** A request whose response was sent, or whose client has disconnected. */
export interface SentRequest {
  method: string;
  /** The pattern, such as `/v1/users/:uid`; undefined if there is no route. */
  route: string | undefined;
  /** Undefined if the client disconnected before the response began. */
  status: number | undefined;
  seconds: number;
}

/** Metrics of HTTP requests. */
export interface RequestMetrics {
  start(): void;
  end(request: SentRequest): void;
}

/** Metrics of HTTP requests. The route is empty for a path without a route, which callers choose. */
export function httpMetrics(registry: Registry): RequestMetrics {
  const durations = new FastHistogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP requests until the response was sent.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: DURATION_BUCKETS,
    registry,
  });
  let active = 0;
  new Gauge({
    name: 'http_server_active_requests',
    help: 'Number of HTTP requests in flight.',
    registers: [registry],
    collect() {
      this.set(active);
    },
  });
  return {
    start() {
      active += 1;
    },
    end({ method, route = '', status, seconds }) {
      active -= 1;
      const knownMethod = KNOWN_METHODS.has(method) ? method : '_OTHER';
      durations.series(knownMethod, route, String(status ?? CLIENT_CLOSED_REQUEST)).observe(seconds);
    },
  };
}

const REASONS: readonly Exclude<LimitMessage['reason'], 'overload'>[] = [
  'points',
  'concurrency',
  'failed_logins',
  'document_time',
  'unread_responses',
];

/** Statuses of responses to malformed requests. */
const MALFORMED_STATUSES = [400, 405, 408, 417, 431];

/** Metrics of requests that were rejected before they reached an API. */
export function admissionMetrics(registry: Registry): Unsubscribe[] {
  const rateLimited = new Counter({
    name: 'usergraph_rate_limited_requests_total',
    help: 'Requests that were rejected because of a limit of their caller.',
    labelNames: ['reason'],
    registers: [registry],
  });
  const shed = new Counter({
    name: 'usergraph_shed_requests_total',
    help: 'Requests that load shedding rejected.',
    registers: [registry],
  });
  const failedLogins = new Counter({
    name: 'usergraph_failed_logins_total',
    help: 'Requests with invalid credentials.',
    registers: [registry],
  });
  const malformed = new Counter({
    name: 'usergraph_malformed_requests_total',
    help: 'Requests that were rejected before they could be processed as HTTP.',
    labelNames: ['http_response_status_code'],
    registers: [registry],
  });
  // Prometheus does not see the first increment of a series that did not exist before.
  for (const status of MALFORMED_STATUSES) malformed.inc({ http_response_status_code: status }, 0);
  for (const reason of REASONS) rateLimited.inc({ reason }, 0);
  return [
    limitChannel.subscribe(({ reason }) => (reason === 'overload' ? shed.inc() : rateLimited.inc({ reason }))),
    malformedRequestChannel.subscribe(({ status }) => malformed.inc({ http_response_status_code: status })),
    failedLoginChannel.subscribe(() => failedLogins.inc()),
  ];
}
