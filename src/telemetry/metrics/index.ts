import type { Logger } from 'pino';
import { Gauge, Registry } from 'prom-client';
import type { Unsubscribe } from '../channels.ts';
import {
  databaseServerMetrics,
  type ObservedDatabase,
  type ObservedReplicas,
  poolMetrics,
  readMetrics,
  statementMetrics,
} from './database.ts';
import { batchMetrics, operationMetrics } from './graphql.ts';
import { admissionMetrics, httpMetrics, type RequestMetrics } from './http.ts';
import { jobMetrics, partitionMetrics, segmentsMetrics } from './jobs.ts';
import { processMetrics } from './process.ts';
import { RegistryReader } from './registry-reader.ts';
import { TRANSFER_QUEUE_METRICS, type TransferQueue, transferMetrics, transferQueueMetrics } from './transfers.ts';

/** The metrics of a process that serves requests. */
export interface Metrics {
  /** Those of HTTP requests, which the server reports. */
  requests: RequestMetrics;
  /** Reports the connections of a database, and its replicas. */
  observeDatabase(database: ObservedDatabase, replicas?: ObservedReplicas): void;
  /** Reports the queue of imports and exports. @param read undefined stops reporting it. */
  observeTransfers(read: (() => Promise<TransferQueue>) | undefined): void;
  /** Their current values in the text format of Prometheus. */
  text(): Promise<string>;
  /**
   * Their current values, for the process that adds up those of all workers.
   * @param readsDatabase whether they include what is read from the database, which one worker reads for all.
   */
  values(readsDatabase: boolean): Promise<object[]>;
  close(): void;
}

/** Starts to collect the metrics of this process from what it reports on its channels (`channels.ts`). */
export function collectMetrics(log: Logger): Metrics {
  const registry = new Registry();
  const reader = new RegistryReader(registry, log);
  let database: ObservedDatabase | undefined;
  let replicas: ObservedReplicas | undefined;
  let readTransfers: (() => Promise<TransferQueue>) | undefined;
  processMetrics(registry);
  const requests = httpMetrics(registry);
  poolMetrics(registry, () => database);
  segmentsMetrics(registry);
  const subscriptions: Unsubscribe[] = [
    ...admissionMetrics(registry),
    ...operationMetrics(registry),
    ...batchMetrics(registry),
    ...statementMetrics(registry),
    ...databaseServerMetrics(registry),
    ...readMetrics(registry, () => replicas),
    ...jobMetrics(registry),
    ...partitionMetrics(registry),
    ...transferMetrics(registry),
  ];
  new Gauge({
    name: 'usergraph_workers',
    help: 'Number of serving processes.',
    registers: [registry],
  }).set(1);
  // The last one, so that the connection that it uses is not counted.
  transferQueueMetrics(registry, () => readTransfers);
  return {
    requests,
    observeDatabase: (observed, observedReplicas) => {
      database = observed;
      replicas = observedReplicas;
    },
    observeTransfers: (read) => {
      readTransfers = read;
    },
    text: () => reader.text(),
    values: (readsDatabase) => reader.values(readsDatabase ? undefined : TRANSFER_QUEUE_METRICS),
    close: () => {
      for (const unsubscribe of subscriptions) unsubscribe();
      registry.clear();
    },
  };
}
