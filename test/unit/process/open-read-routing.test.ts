import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { WalPosition } from '../../../src/db/servers/wal-position.ts';
import { relayWrites, shareWrites } from '../../../src/process/cluster/share-writes.ts';
import { createReadRouting } from '../../../src/process/open-read-routing.ts';

const at = (lsn: number): WalPosition => ({ timeline: 1, lsn: BigInt(lsn) });

/** Stands for node:cluster in the primary. */
let cluster: EventEmitter;
/** The position of the primary. */
let position: WalPosition | undefined;

/** A worker whose messages to the primary can be late. */
function startWorker() {
  const late: object[] = [];
  let isLate = false;
  const worker = { isConnected: () => true, send: (message: object) => channel.emit('message', message) };
  const deliver = (message: object) => cluster.emit('message', worker, message);
  const channel = Object.assign(new EventEmitter(), {
    connected: true,
    send: (message: object) => (isLate ? late.push(message) > 0 : deliver(message)),
  });
  return {
    delayMessages: () => {
      isLate = true;
    },
    deliverMessages: () => {
      isLate = false;
      for (const message of late.splice(0)) deliver(message);
    },
    start: () =>
      createReadRouting({ maxStalenessMs: 1_000, positionAfterWrites: async () => position }, (writes) =>
        shareWrites(writes, channel as never),
      ),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  cluster = new EventEmitter();
  position = at(5);
  relayWrites(cluster as never);
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

it('requires what has been written before the worker has joined', async () => {
  const [running, starting] = [startWorker(), startWorker()];
  const { share } = running.start();
  starting.delayMessages();
  const { writes } = starting.start();
  await vi.advanceTimersByTimeAsync(100);
  position = at(9);
  await share?.('a', at(9));
  expect(writes.required('a')).toBe('primary');
  starting.deliverMessages();
  await vi.advanceTimersByTimeAsync(0);
  expect(writes.required('a')).toEqual(at(9));
});

it('requires the primary until it knows what has been written before the worker has joined, however late that was', async () => {
  const starting = startWorker();
  starting.delayMessages();
  const { writes } = starting.start();
  await vi.advanceTimersByTimeAsync(10_000);
  position = undefined;
  starting.deliverMessages();
  await vi.advanceTimersByTimeAsync(0);
  expect(writes.required('a')).toBe('primary');
});

it('asks again for what had been written if the primary did not answer', async () => {
  position = undefined;
  const { writes } = createReadRouting({ maxStalenessMs: 60_000, positionAfterWrites: async () => position });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(writes.required('a')).toBe('primary');
  position = at(7);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(writes.required('a')).toEqual(at(7));
});

it('requires what has been written before the start without other workers', async () => {
  const { writes, share } = createReadRouting({ maxStalenessMs: 1_000, positionAfterWrites: async () => position });
  expect([writes.required('a'), share]).toEqual(['primary', undefined]);
  await vi.advanceTimersByTimeAsync(0);
  expect(writes.required('a')).toEqual(at(5));
});
