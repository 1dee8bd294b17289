import { DatabaseError } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { failureOf } from '../../../src/db/servers/replica.ts';
import { sharedRuns } from '../../../src/db/servers/shared-runs.ts';
import { formatPosition, hasReached, isAfter, parsePosition } from '../../../src/db/servers/wal-position.ts';

const at = (timeline: number, lsn: number) => ({ timeline, lsn: BigInt(lsn) });

describe('positions', () => {
  it.each(['1-0/3000148', '12-FFFFFFFF/FFFFFFFF', '1-A/0'])('reads and writes %s', (text) => {
    const position = parsePosition(text);
    expect(position && formatPosition(position)).toBe(text);
  });

  it.each(['', '0/3000148', '0-0/1', '-1-0/1', '1-0', '1-0/', '1-0/123456789', '1-0/1 ', '1-G/0', '01-0/1'])(
    'rejects "%s"',
    (text) => expect(parsePosition(text)).toBeUndefined(),
  );

  it('compares timelines first', () => {
    expect(isAfter(at(2, 1), at(1, 9))).toBe(true);
    expect(isAfter(at(1, 9), at(2, 1))).toBe(false);
    expect(isAfter(at(1, 9), at(1, 8))).toBe(true);
    expect(isAfter(at(1, 9), at(1, 9))).toBe(false);
  });

  it('a server has a position on its timeline or a higher one, once it has replayed that far', () => {
    expect(hasReached(at(1, 9), at(1, 9))).toBe(true);
    expect(hasReached(at(1, 8), at(1, 9))).toBe(false);
    expect(hasReached(at(2, 9), at(1, 9))).toBe(true);
    // It may know the timeline, but have replayed only what precedes it.
    expect(hasReached(at(2, 8), at(1, 9))).toBe(false);
    // Its log can have diverged.
    expect(hasReached(at(1, 99), at(2, 9))).toBe(false);
  });
});

it.each([
  ['40001', 'statement'],
  ['42P01', 'statement'],
  ['57P01', 'lost'],
  ['08006', 'lost'],
  ['57014', undefined],
  ['23505', undefined],
])('an error %s of a replica counts as %s', (code, failure) => {
  const error = Object.assign(new DatabaseError('x', 1, 'error'), { code });
  expect(failureOf(error)).toBe(failure);
});

it('a busy pool of a replica is not a failure; a broken connection is', () => {
  expect(failureOf(new Error('timeout exceeded when trying to connect'))).toBeUndefined();
  expect(failureOf(new Error('Connection terminated: the replica does not answer'))).toBe('lost');
});

it('shares runs that start after a call', async () => {
  const runs: PromiseWithResolvers<number>[] = [];
  const call = sharedRuns(() => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  });
  const first = call();
  await vi.waitFor(() => expect(runs).toHaveLength(1));
  const [second, third] = [call(), call()];
  runs[0]?.resolve(1);
  expect(await first).toBe(1);
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  runs[1]?.resolve(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
});
