import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { FastHistogram } from '../../../src/telemetry/metrics/histogram.ts';

const buckets = [0.1, 1, 5];
const labelNames = ['method', 'status'];

it('writes the same text as the histogram of prom-client', async () => {
  const [registry, otherRegistry] = [new Registry(), new Registry()];
  const common = { name: 'duration_seconds', help: 'Help.', labelNames, buckets };
  const fast = new FastHistogram({ ...common, registry });
  const reference = new Histogram({ ...common, registers: [otherRegistry] });
  for (const value of [0, 0.1, 0.100001, 1, 4.9, 5, 5.1, 100]) {
    for (const status of ['200', '503']) {
      fast.series('GET', status).observe(value);
      reference.observe({ method: 'GET', status }, value);
    }
  }
  expect(await registry.metrics()).toBe(await otherRegistry.metrics());
  // What workers send to the primary process.
  const sumOf = async (one: Registry) => AggregatorRegistry.aggregate([await one.getMetricsAsJSON()]).metrics();
  expect(await sumOf(registry)).toBe(await sumOf(otherRegistry));
});

it('has at most a thousand series, and one for all others', async () => {
  const registry = new Registry();
  const histogram = new FastHistogram({ name: 'a', help: 'Help.', labelNames, buckets, registry });
  for (let status = 0; status < 3_000; status += 1) histogram.series('GET', String(status)).observe(1);
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('a_count'));
  expect(lines).toHaveLength(1_001);
  expect(lines).toContain('a_count{method="_OTHER",status="_OTHER"} 2000');
});
