import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { type Job, runJobs } from '../../../src/jobs/run-jobs.ts';
import { connectionChannel, partitionChannel, report } from '../../../src/telemetry/channels.ts';
import { collectMetrics } from '../../../src/telemetry/metrics/index.ts';
import { startCollecting } from '../../kit/collected-metrics.ts';
import { Scrape } from '../../kit/prometheus.ts';

const silent = pino({ level: 'silent' });

const job = (name: string, step: Job['step']): Job => ({ name, step, stepSize: 1, purpose: 'test' });

it('counts the steps of jobs that work, find nothing and fail', async () => {
  using metrics = startCollecting();
  let tasks = 3;
  const running = runJobs(
    [
      job('works', async () => tasks-- > 0),
      job('fails', async () => {
        throw new Error('This step fails.');
      }),
    ],
    silent,
    5,
  );
  const read = async () => new Scrape(await metrics.text());
  const steps = async (job_name: string, result: string) =>
    (await read()).sum('usergraph_job_steps_total', { job_name, result });
  await vi.waitFor(async () => {
    expect(await steps('works', 'worked')).toBe(3);
    expect(await steps('works', 'idle')).toBeGreaterThan(1);
    expect(await steps('fails', 'failed')).toBeGreaterThan(5);
  });
  const since = async (name: string, job_name: string) =>
    (await read()).sum(`usergraph_job_seconds_since_${name}`, { job_name });
  expect(await since('success', 'fails')).toBeGreaterThan(await since('success', 'works'));
  expect(await since('idle', 'fails')).toBeGreaterThan(await since('idle', 'works'));
  expect((await read()).sum('usergraph_job_steps_total', { job_name: 'fails', result: 'worked' })).toBe(0);
  await running.stop();
});

it('counts failed waits for a connection by the kind of error', async () => {
  using metrics = startCollecting();
  const fail = async () => {
    throw new Error('timeout exceeded when trying to connect');
  };
  await expect(report(connectionChannel, () => ({}), fail)).rejects.toThrow();
  const scrape = new Scrape(await metrics.text());
  expect(scrape.sum('db_client_connection_wait_time_seconds_count', { error_type: 'connection' })).toBe(1);
});

it('reports when the last partition of events ends', async () => {
  using metrics = startCollecting();
  const end = async () => new Scrape(await metrics.text()).sum('usergraph_event_partitions_end_timestamp_seconds');
  expect(await end()).toBe(0);
  partitionChannel.publish({ until: new Date(5_000) });
  expect(await end()).toBe(5);
  partitionChannel.publish({ until: undefined });
  expect(await end()).toBe(0);
});

it('leaves a metric that cannot be read out of a scrape, counts that, and logs it once', async () => {
  const lines: string[] = [];
  using metrics = startCollecting(pino({}, { write: (line: string) => lines.push(line) }));
  let isBroken = true;
  metrics.observeDatabase({
    pool: { totalCount: 3, idleCount: 1, waitingCount: 0, options: { max: 10 } },
    countWaitingForShare() {
      if (isBroken) throw new Error('This count fails.');
      return 7;
    },
  });
  const NAME = 'usergraph_pool_share_pending_requests';
  const read = async () => new Scrape(await metrics.text());
  await read();
  const names = (await metrics.values(true)).map((value) => Reflect.get(value, 'name'));
  expect(names).toContain('db_client_connection_max');
  expect(names).not.toContain(NAME);
  const broken = await read();
  expect(broken.sum('db_client_connection_max')).toBe(10);
  expect(broken.samples.map(({ name }) => name)).not.toContain(NAME);
  expect(broken.sum('usergraph_metric_read_failures_total')).toBeGreaterThan(1);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ metric: NAME, msg: 'cannot read a metric; it is missing from scrapes' }),
  ]);
  isBroken = false;
  expect((await read()).sum(NAME)).toBe(7);
});

it('stops collecting when it is closed', async () => {
  const metrics = collectMetrics(silent);
  expect(connectionChannel.hasSubscribers).toBe(true);
  metrics.close();
  expect(connectionChannel.hasSubscribers).toBe(false);
});
