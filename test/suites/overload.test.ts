import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { allowanceFor, slowdown } from '../kit/cpu-time.ts';
import { printFigures } from '../kit/figures.ts';
import { startForOverload } from '../kit/overload/gateway.ts';
import { generate } from '../kit/overload/generate.ts';
import type { Plan } from '../kit/overload/plan.ts';

/** Duration of the overload in seconds; 600 for the full run. */
const SECONDS = Number(process.env.OVERLOAD_SECONDS || 30);

/** Closed-loop clients: those of the benchmark, and the larger number with which the sustainable load is measured. */
const MIN_KEYS_FOR_ARRAYS = 20;
const MORE = [100, 200, 400];
const MEASURED_SECONDS = 5;

/**
 * How much faster rejections must be than served requests in the same run, which does not depend on the machine. Measured at 480 to
 * 2,290 sustainable requests per second: 6.5 to 15 times for the median, 2.4 to 6.4 times for the 99th percentile.
 */
const FASTER = { p50: 5, p99: 2 };

/** Maximum 99th percentiles in ms on a machine that is otherwise idle. Measured beside other work: 93 to 246 and 527 to 815. */
const SLOWEST_MS = { shed: 250, served: 2_000 };

/** Maximum growth of memory in MB over that under the sustainable load, whatever the duration. */
const GROWTH_MB = 200;

/** The median latency in ms of a few sequential requests, none of which may be rejected. */
async function probe(target: Pick<Plan, 'host' | 'port' | 'authorization' | 'bodies'>): Promise<number> {
  const { answers, lost } = await generate({ ...target, load: { callers: 1 }, seconds: 0.5 });
  return lost === 0 && Object.keys(answers).join() === '200' ? (answers['200']?.p50 ?? Infinity) : Infinity;
}

it('stays up, responds quickly and recovers under twice its sustainable load', async () => {
  await using gateway = await startForOverload();
  const { target } = gateway;
  const benchmark = await generate({ ...target, load: { callers: MIN_KEYS_FOR_ARRAYS }, seconds: 5 });
  expect(Object.keys(benchmark.answers), 'the benchmark must not overload the gateway').toEqual(['200']);
  let perSecond = 0;
  // The most that it takes under the sustainable load: some of it can have been returned afterwards.
  let memoryBefore = 0;
  for (const callers of MORE) {
    const { answers } = await generate({ ...target, load: { callers }, seconds: MEASURED_SECONDS });
    perSecond = Math.max(perSecond, (answers['200']?.count ?? 0) / MEASURED_SECONDS);
    memoryBefore = Math.max(memoryBefore, await gateway.memoryMb());
  }
  const before = await probe(target);

  let [over, peak] = [false, memoryBefore];
  const slowdowns: number[] = [];
  const watch = (async () => {
    for (let last = await gateway.cpuTime(); !over; ) {
      await delay(500);
      const now = await gateway.cpuTime();
      slowdowns.push(slowdown(last, now));
      last = now;
      peak = Math.max(peak, await gateway.memoryMb());
    }
  })();
  const outcome = await generate({ ...target, load: { perSecond: 2 * perSecond }, seconds: SECONDS });
  over = true;
  await watch;
  const slower = slowdowns.sort((a, b) => a - b)[Math.floor(slowdowns.length * 0.99)] ?? 1;
  // That of the slowest hundredth: the bounds apply to the slowest hundredth of the responses.
  const allowance = allowanceFor(slower);

  const begun = performance.now();
  let after = await probe(target);
  const isWell = () => after < 2 * before + 10;
  while (!isWell() && performance.now() - begun < 15_000) after = await probe(target);
  const recovery = (performance.now() - begun) / 1000;
  const [served, shed] = [outcome.answers['200'], outcome.answers['503']];
  printFigures('overload', {
    seconds: SECONDS,
    'sustainable/s': Math.round(perSecond),
    'sent/s': Math.round(outcome.sent / SECONDS),
    'served/s': Math.round((served?.count ?? 0) / SECONDS),
    'served p50 ms': served?.p50 ?? '-',
    'served p99 ms': served?.p99 ?? '-',
    'served slowest ms': served?.max ?? '-',
    'shed/s': Math.round((shed?.count ?? 0) / SECONDS),
    'shed p50 ms': shed?.p50 ?? '-',
    'shed p99 ms': shed?.p99 ?? '-',
    'shed slowest ms': shed?.max ?? '-',
    lost: outcome.lost,
    unsent: outcome.unsent,
    'slowdown by other processes': Math.round(slower * 10) / 10,
    'bounds relaxed by': Math.round(allowance * 10) / 10,
    'memory before MB': Math.round(memoryBefore),
    'memory peak MB': Math.round(peak),
    'probe before ms': before,
    'probe after ms': after,
    'recovered after s': Math.round(recovery * 10) / 10,
  });
  expect(outcome).toMatchObject({ lost: 0, unsent: 0 });
  expect(Object.keys(outcome.answers).sort()).toEqual(['200', '503']);
  expect(outcome.sent).toBeGreaterThan(2 * perSecond * SECONDS * 0.95);
  expect(served?.count).toBeGreaterThan(perSecond * SECONDS * 0.5);
  expect(shed?.p50).toBeLessThan((served?.p50 ?? 0) / FASTER.p50);
  expect(shed?.p99).toBeLessThan((served?.p99 ?? 0) / FASTER.p99);
  expect(shed?.p99).toBeLessThan(SLOWEST_MS.shed * allowance);
  expect(served?.p99).toBeLessThan(SLOWEST_MS.served * allowance);
  expect(peak - memoryBefore).toBeLessThan(GROWTH_MB);
  expect(isWell()).toBe(true);
  expect(recovery).toBeLessThan(10);
});
