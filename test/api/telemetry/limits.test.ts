import { expect, it } from 'vitest';
import { basic, startApp } from '../../kit/app.ts';
import { startCollecting } from '../../kit/collected-metrics.ts';
import { Scrape } from '../../kit/prometheus.ts';

it('counts requests that exceed limits of concurrency and of failed logins', async () => {
  using metrics = startCollecting();
  await using app = await startApp({
    admissionLimits: { concurrentRequests: 1, failedLogins: 1 },
    observation: { metrics: metrics.requests, slowMs: 0 },
  });
  const query = '{ viewer { keyId } }';
  // After it, the key is cached.
  await app.send(query);
  await Promise.all([app.send('{ users { totalCount } }'), app.send(query)]);
  for (let attempt = 0; attempt < 3; attempt += 1) await app.send(query, {}, basic('pk_unknown', 'sk_unknown'));
  const scrape = new Scrape(await metrics.text());
  expect(scrape.sum('usergraph_rate_limited_requests_total', { reason: 'concurrency' })).toBe(1);
  expect(scrape.sum('usergraph_rate_limited_requests_total', { reason: 'failed_logins' })).toBe(2);
  // The others were rejected without being checked.
  expect(scrape.sum('usergraph_failed_logins_total')).toBe(1);
  const rejected = { http_route: '/graphql', http_response_status_code: '429' };
  expect(scrape.sum('http_server_request_duration_seconds_count', rejected)).toBe(3);
});
