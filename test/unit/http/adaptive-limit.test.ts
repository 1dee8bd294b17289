import { expect, it } from 'vitest';
import { AdaptiveLimit } from '../../../src/http/limits/adaptive-limit.ts';

const MAX = 500;

/** Intervals of 100 ms after which a queue is standing, and after which shedding ends. */
const STANDING = 20;
const CALM = 15;

function begin(limit: AdaptiveLimit, requests: number): void {
  for (let place = 0; place < requests; place += 1) limit.count(1);
}

function end(limit: AdaptiveLimit, requests: number): void {
  for (let place = 0; place < requests; place += 1) limit.count(-1);
}

function adjust(limit: AdaptiveLimit, intervals: number, slowness: number | undefined): void {
  for (let interval = 0; interval < intervals; interval += 1) limit.adjust(slowness);
}

/** A limit with a standing queue of 400 requests, at twice the target delay. */
function shedding(): AdaptiveLimit {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, 400);
  adjust(limit, STANDING, 2);
  return limit;
}

it('admits a burst of its maximum, however slow the requests are', () => {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, MAX - 1);
  adjust(limit, STANDING - 1, 10);
  expect(limit).toMatchObject({ value: MAX, isShedding: false, isReached: false });
  begin(limit, 1);
  expect(limit.isReached).toBe(true);
});

it('sheds once every delay of the last 2 s was above its target, down to the concurrency on target', () => {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, 400);
  adjust(limit, STANDING - 1, 2);
  adjust(limit, 1, 0.9);
  adjust(limit, STANDING - 1, 2);
  expect(limit.isShedding, 'one delay was below the target').toBe(false);
  adjust(limit, 1, 2);
  expect(limit).toMatchObject({ value: 200, isShedding: true, isReached: true });
});

it('ignores intervals without a measured delay', () => {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, 400);
  adjust(limit, STANDING - 1, 2);
  adjust(limit, 5, undefined);
  expect(limit.isShedding).toBe(false);
  adjust(limit, 1, 2);
  expect(limit.isShedding).toBe(true);
});

it('does not shed a few slow requests', () => {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, 100);
  adjust(limit, 10 * STANDING, 10);
  expect(limit.value).toBe(MAX);
});

it('falls while requests are slow, down to 24, and rises when they are not', () => {
  const limit = shedding();
  limit.adjust(2);
  expect(limit.value, 'not while the queue drains').toBe(200);
  end(limit, 200);
  limit.adjust(1.25);
  expect(limit.value, 'by a fifth').toBe(160);
  adjust(limit, 20, 10);
  expect(limit.value).toBe(24);
  limit.adjust(0.5);
  expect(limit.value).toBe(27);
});

it('ends shedding when the queue has drained without a rejection, which was a burst', () => {
  const limit = shedding();
  end(limit, 400);
  expect(limit).toMatchObject({ value: MAX, isShedding: false });
});

it('keeps shedding while requests are rejected, even if nothing is in flight at times', () => {
  const limit = shedding();
  limit.countRejection();
  end(limit, 400);
  expect(limit.isShedding).toBe(true);
  for (let interval = 0; interval < 10 * CALM; interval += 1) {
    limit.countRejection();
    limit.adjust(1.1);
  }
  expect(limit.isShedding).toBe(true);
  adjust(limit, CALM - 1, undefined);
  expect(limit.isShedding).toBe(true);
  adjust(limit, 1, undefined);
  expect(limit).toMatchObject({ value: MAX, isShedding: false });
});

it('sheds after three slow intervals in which requests exceeded the maximum', () => {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, MAX);
  for (let interval = 0; interval < 3; interval += 1) {
    expect(limit.isShedding).toBe(false);
    limit.countRejection();
    limit.adjust(2);
  }
  expect(limit).toMatchObject({ value: 250, isShedding: true });
});

it('is overloaded while the maximum is exceeded, or a queue is standing', () => {
  const limit = new AdaptiveLimit(MAX);
  begin(limit, MAX);
  expect(limit.isOverloaded).toBe(false);
  limit.countRejection();
  expect(limit.isOverloaded).toBe(true);
  adjust(limit, 1, 2);
  expect(limit.isOverloaded).toBe(true);
  adjust(limit, 1, 2);
  expect(limit.isOverloaded).toBe(false);
  expect(shedding().isOverloaded).toBe(true);
});

it('never exceeds a maximum below its minimum', () => {
  const limit = new AdaptiveLimit(10);
  begin(limit, 10);
  adjust(limit, 10 * STANDING, 10);
  expect(limit).toMatchObject({ value: 10, isReached: true });
});
