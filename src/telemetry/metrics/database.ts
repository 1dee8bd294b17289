import { DatabaseError } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { isAnswerTimeout, isUnavailable, QueryTimeoutError } from '../../db/errors.ts';
import {
  connectionChannel,
  databaseServerChannel,
  readChannel,
  statementChannel,
  type Unsubscribe,
} from '../channels.ts';
import { FastHistogram } from './histogram.ts';

/** Of OpenTelemetry's semantic conventions for `db.client.operation.duration`. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/**
 * Classes of SQLSTATEs with which PostgreSQL or a pooler ends a connection, or rejects one for the moment; 57P are shutdowns and
 * terminated sessions.
 */
const CONNECTION_STATES = /^(08|53|57P)/;

/**
 * The class of the SQLSTATE, such as `23` for a violated constraint and `57` for a timeout; `timeout` for a filter that took too
 * long, `no_response` if PostgreSQL did not answer, `connection` for a connection that was lost or rejected; empty without an error.
 */
function errorTypeOf(error: unknown): string {
  if (error === undefined) return '';
  if (error instanceof DatabaseError) {
    const { code = '_OTHER' } = error;
    return CONNECTION_STATES.test(code) ? 'connection' : code === '_OTHER' ? code : code.slice(0, 2);
  }
  if (error instanceof QueryTimeoutError) return 'timeout';
  if (isAnswerTimeout(error)) return 'no_response';
  return isUnavailable(error) ? 'connection' : '_OTHER';
}

/** Metrics of SQL statements by label, and of the wait for a connection. */
export function statementMetrics(registry: Registry): Unsubscribe[] {
  const durations = new FastHistogram({
    name: 'db_client_operation_duration_seconds',
    help: 'Duration of SQL statements, by their label.',
    labelNames: ['db_operation_name', 'error_type'],
    buckets: DURATION_BUCKETS,
    registry,
  });
  const waits = new FastHistogram({
    name: 'db_client_connection_wait_time_seconds',
    help: "Time until a connection was obtained from the pool, including the wait for the workspace's share.",
    labelNames: ['error_type'],
    buckets: DURATION_BUCKETS,
    registry,
  });
  // Prometheus does not see the first increment of a series that did not exist before.
  for (const type of ['', 'connection']) waits.series(type);
  return [
    statementChannel.subscribe({
      end: ({ label, error }, seconds) => durations.series(label, errorTypeOf(error)).observe(seconds),
    }),
    connectionChannel.subscribe({
      end: ({ error }, seconds) => waits.series(errorTypeOf(error)).observe(seconds),
    }),
  ];
}

/** Metrics of the servers of the database, which change only if there are several. */
export function databaseServerMetrics(registry: Registry): Unsubscribe[] {
  const failovers = new Counter({
    name: 'usergraph_database_failovers_total',
    help: 'Number of times that this process has moved to another primary.',
    registers: [registry],
  });
  const missing = new Gauge({
    name: 'usergraph_database_primary_missing',
    help: 'Number of processes that know no primary which accepts writes.',
    registers: [registry],
  });
  missing.set(0);
  return [
    databaseServerChannel.subscribe(({ event }) => {
      if (event === 'failover') failovers.inc();
      if (event === 'lost') missing.set(1);
      if (event === 'failover' || event === 'returned') missing.set(0);
    }),
  ];
}

/** Metrics of reads, which change only if there are replicas. @param replicas undefined without them. */
export function readMetrics(registry: Registry, replicas: () => ObservedReplicas | undefined): Unsubscribe[] {
  const reads = new Counter({
    name: 'usergraph_database_reads_total',
    help: 'Number of reading requests by the kind of server that they used.',
    labelNames: ['server'],
    registers: [registry],
  });
  const fallbacks = new Counter({
    name: 'usergraph_database_read_fallbacks_total',
    help: 'Number of requests (stale, behind) and statements (error) that used the primary instead of a replica, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  });
  new Gauge({
    name: 'usergraph_database_replicas_fresh',
    help: 'Number of replicas that are fresh enough for reads, added up over all processes.',
    registers: [registry],
    collect() {
      this.set(replicas()?.freshCount ?? 0);
    },
  });
  // Prometheus does not see the first increment of a series that did not exist before.
  for (const server of ['primary', 'replica']) reads.inc({ server }, 0);
  for (const reason of ['stale', 'behind', 'error']) fallbacks.inc({ reason }, 0);
  return [
    readChannel.subscribe(({ outcome }) => {
      if (outcome !== 'error') reads.inc({ server: outcome === 'replica' ? 'replica' : 'primary' });
      if (outcome !== 'replica') fallbacks.inc({ reason: outcome });
    }),
  ];
}

/** The part of the replicas that metrics read. */
export interface ObservedReplicas {
  /** Number of replicas that are fresh. */
  readonly freshCount: number;
}

/** The part of an open database that metrics read. */
export interface ObservedDatabase {
  pool: { totalCount: number; idleCount: number; waitingCount: number; options: { max: number } };
  countWaitingForShare(): number;
}

/** Metrics of the pool. @param database undefined until it is open. */
export function poolMetrics(registry: Registry, database: () => ObservedDatabase | undefined): void {
  const gauge = (name: string, help: string, read: (observed: ObservedDatabase) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const observed = database();
        if (observed) this.set(read(observed));
      },
    });
  new Gauge({
    name: 'db_client_connection_count',
    help: 'Number of database connections in the pool, by state.',
    labelNames: ['db_client_connection_state'],
    registers: [registry],
    collect() {
      const { totalCount = 0, idleCount = 0 } = database()?.pool ?? {};
      this.set({ db_client_connection_state: 'idle' }, idleCount);
      this.set({ db_client_connection_state: 'used' }, totalCount - idleCount);
    },
  });
  gauge('db_client_connection_max', 'Maximum number of database connections.', ({ pool }) => pool.options.max);
  gauge(
    'db_client_connection_pending_requests',
    'Number of statements and transactions that wait for a connection of the pool.',
    ({ pool }) => pool.waitingCount,
  );
  gauge(
    'usergraph_pool_share_pending_requests',
    "Number of statements and transactions that wait for their workspace's share of the pool.",
    (observed) => observed.countWaitingForShare(),
  );
}
