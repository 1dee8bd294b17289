import { performance } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { version } from '../../version.ts';
import { countListenerErrors } from '../listener-errors.ts';

/** Metrics of the process: CPU time, memory, garbage collection, delay and utilization of the event loop, and the version. */
export function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: 'nodejs_eventloop_time_seconds_total',
    help: 'Time in which the event loop was active or idle; the rate of the active time is its utilization.',
    labelNames: ['nodejs_eventloop_state'],
    registers: [registry],
    collect() {
      const { active, idle } = performance.eventLoopUtilization();
      this.reset();
      this.inc({ nodejs_eventloop_state: 'active' }, active / 1_000);
      this.inc({ nodejs_eventloop_state: 'idle' }, idle / 1_000);
    },
  });
  new Counter({
    name: 'usergraph_telemetry_errors_total',
    help: 'Errors of the code that observes the work of the gateway, or is called at the end of a request.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(countListenerErrors());
    },
  });
  buildInfo(registry);
}

/** The version of usergraph and of Node.js. */
export function buildInfo(registry: Registry): void {
  new Gauge({
    name: 'usergraph_build_info',
    help: 'Always 1; its labels are the versions of usergraph and Node.js.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
    aggregator: 'first',
  }).set({ version, node_version: process.versions.node }, 1);
}
