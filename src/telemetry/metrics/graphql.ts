import { Counter, type Registry } from 'prom-client';
import {
  batchChannel,
  type OperationMessage,
  operationChannel,
  type RejectionMessage,
  rejectionChannel,
  type Unsubscribe,
} from '../channels.ts';
import { FastHistogram } from './histogram.ts';

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Up to ten times the default limit of the complexity. */
const COST_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];

/** Up to `MAX_BATCH_SIZE`. */
const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100];

/** Maximum number of persisted operations with series of their own. */
const MAX_OPERATION_NAMES = 500;

/** The outcome of an operation: `rejected` if it was not executed, `error` if a resolver failed. */
function outcomeOf({ isRejected, errorCodes = [], error }: OperationMessage): string {
  if (isRejected) return 'rejected';
  return errorCodes.length > 0 || error !== undefined ? 'error' : 'success';
}

/** Metrics of GraphQL operations. They have names of persisted operations only; callers choose all others. */
export function operationMetrics(registry: Registry): Unsubscribe[] {
  const observePhases = createPhaseHistogram(registry);
  const observeOperation = createOperationHistograms(registry);
  const countPersisted = createPersistedCounters(registry);
  const rejections = new Counter({
    name: 'usergraph_graphql_rejections_total',
    help: 'GraphQL requests that were rejected before their operation was executed, by the code of the first error.',
    labelNames: ['error_code'],
    registers: [registry],
  });
  const resolverErrors = new Counter({
    name: 'usergraph_graphql_resolver_errors_total',
    help: 'Errors of resolvers in GraphQL responses.',
    labelNames: ['error_code'],
    registers: [registry],
  });
  // Prometheus does not see the first increment of a series that did not exist before.
  for (const code of ['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE']) resolverErrors.inc({ error_code: code }, 0);
  return [
    operationChannel.subscribe({
      end(message, seconds) {
        const outcome = outcomeOf(message);
        observeOperation(message, outcome, seconds);
        observePhases(message, message.isRejected ? undefined : seconds);
        if (message.name !== undefined) countPersisted(message.name, outcome, seconds);
        const [first, ...others] = message.errorCodes ?? [];
        if (first === undefined) return;
        if (message.isRejected) rejections.inc({ error_code: first });
        else for (const code of [first, ...others]) resolverErrors.inc({ error_code: code });
      },
    }),
    rejectionChannel.subscribe((message) => {
      observePhases(message);
      rejections.inc({ error_code: message.code });
    }),
  ];
}

function createOperationHistograms(registry: Registry) {
  const durations = new FastHistogram({
    name: 'usergraph_graphql_operation_duration_seconds',
    help: 'Duration of the execution of GraphQL operations.',
    labelNames: ['graphql_operation_type', 'outcome'],
    buckets: DURATION_BUCKETS,
    registry,
  });
  const costs = new FastHistogram({
    name: 'usergraph_graphql_operation_cost',
    help: 'Complexity of GraphQL operations.',
    labelNames: ['graphql_operation_type'],
    buckets: COST_BUCKETS,
    registry,
  });
  return ({ type, cost }: OperationMessage, outcome: string, seconds: number) => {
    durations.series(type, outcome).observe(seconds);
    if (cost > 0) costs.series(type).observe(cost);
  };
}

function createPhaseHistogram(registry: Registry) {
  const phases = new FastHistogram({
    name: 'usergraph_graphql_phase_duration_seconds',
    help: 'Duration of the phases of GraphQL operations. Documents that are cached are neither parsed nor validated.',
    labelNames: ['phase'],
    buckets: DURATION_BUCKETS,
    registry,
  });
  const [parse, validate, execute] = [phases.series('parse'), phases.series('validate'), phases.series('execute')];
  return ({ parseMs, validateMs }: RejectionMessage | OperationMessage, executeSeconds?: number) => {
    if (parseMs > 0) parse.observe(parseMs / 1_000);
    if (validateMs > 0) validate.observe(validateMs / 1_000);
    if (executeSeconds !== undefined) execute.observe(executeSeconds);
  };
}

/** Counts in plain objects: a counter of `prom-client` takes 0.5 µs. */
function createPersistedCounters(registry: Registry) {
  const totals = new Map<
    string,
    { labels: { graphql_operation_name: string; outcome: string }; count: number; seconds: number }
  >();
  const names = new Set<string>();
  const counter = (name: string, help: string, read: (total: { count: number; seconds: number }) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['graphql_operation_name', 'outcome'],
      registers: [registry],
      collect() {
        this.reset();
        for (const total of totals.values()) this.inc(total.labels, read(total));
      },
    });
  counter('usergraph_graphql_persisted_operations_total', 'Persisted operations.', ({ count }) => count);
  counter(
    'usergraph_graphql_persisted_operation_seconds_total',
    'Total duration of the execution of persisted operations.',
    ({ seconds }) => seconds,
  );
  return (operationName: string, outcome: string, seconds: number) => {
    if (names.size < MAX_OPERATION_NAMES) names.add(operationName);
    const name = names.has(operationName) ? operationName : '_OTHER';
    const key = `${outcome} ${name}`;
    const total = totals.get(key) ?? { labels: { graphql_operation_name: name, outcome }, count: 0, seconds: 0 };
    totals.set(key, total);
    total.count += 1;
    total.seconds += seconds;
  };
}

/** Metrics of batches of loaders and of writes. */
export function batchMetrics(registry: Registry): Unsubscribe[] {
  const sizes = new FastHistogram({
    name: 'usergraph_batch_size',
    help: 'Number of keys or inputs that share a statement.',
    labelNames: ['batch'],
    buckets: SIZE_BUCKETS,
    registry,
  });
  return [batchChannel.subscribe({ end: ({ name, size }) => sizes.series(name).observe(size) })];
}
