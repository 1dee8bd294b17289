import { pino } from 'pino';
import { collectMetrics, type Metrics } from '../../src/telemetry/metrics/index.ts';

/** Collects metrics until the end of the test. */
export function startCollecting(log = pino({ level: 'silent' })): Metrics & Disposable {
  const metrics = collectMetrics(log);
  return { ...metrics, [Symbol.dispose]: () => metrics.close() };
}
