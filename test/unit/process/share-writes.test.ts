import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { RecentWrites } from '../../../src/http/read-routing.ts';
import { relayWrites, shareWrites } from '../../../src/process/cluster/share-writes.ts';

const at = (lsn: number) => ({ timeline: 1, lsn: BigInt(lsn) });

/** Stands for node:cluster in the primary. */
let cluster: EventEmitter;

/** A worker with the two ends of its channel. */
class TestWorker {
  readonly writes = new RecentWrites(60_000);
  readonly channel = Object.assign(new EventEmitter(), {
    connected: true,
    send: (message: object) => cluster.emit('message', this, message),
  });
  /** A worker that hangs receives its messages when it continues. */
  isHanging = false;
  readonly #messages: object[] = [];
  readonly share;

  constructor() {
    this.writes.floor = at(1);
    this.share = shareWrites(this.writes, this.channel as never).share;
  }

  isConnected = () => this.channel.connected;

  send(message: object): void {
    this.#messages.push(message);
    if (!this.isHanging) this.#receive();
  }

  /** Continues. @param step called after each message. */
  continue(step: () => void): void {
    this.isHanging = false;
    this.#receive(step);
  }

  #receive(step = () => {}): void {
    for (const message of this.#messages.splice(0)) {
      this.channel.emit('message', message);
      step();
    }
  }
}

/** Whether a promise is settled. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false;
  void promise?.then(() => {
    settled = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return settled;
}

beforeEach(() => {
  vi.useFakeTimers();
  cluster = new EventEmitter();
  relayWrites(cluster as never);
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

it.each([at(9), 'primary', 'uncertain'] as const)(
  'tells other workers about a write before it is acknowledged',
  async (outcome) => {
    const [origin, other] = [new TestWorker(), new TestWorker()];
    expect(other.writes.required('a')).toEqual(at(1));
    expect(await isSettled(origin.share('a', outcome))).toBe(true);
    expect(other.writes.required('a')).toEqual(outcome === 'uncertain' ? 'primary' : outcome);
  },
);

it('acknowledges a write while a worker hangs, which then reads from the primary until it knows the write', async () => {
  const [origin, other] = [new TestWorker(), new TestWorker()];
  other.isHanging = true;
  const sharing = origin.share('a', at(9));
  await vi.advanceTimersByTimeAsync(450);
  expect(await isSettled(sharing)).toBe(false);
  await vi.advanceTimersByTimeAsync(150);
  expect(await isSettled(sharing)).toBe(true);
  const required = [other.writes.required('a')];
  other.continue(() => required.push(other.writes.required('a')));
  expect(required.at(-1)).toEqual(at(9));
  expect(new Set(required)).toEqual(new Set(['primary', at(9)]));
  expect(other.writes.required('b')).toEqual(at(1));
});

it('does not wait for a worker that has exited', async () => {
  const [origin, other] = [new TestWorker(), new TestWorker()];
  other.isHanging = true;
  const sharing = origin.share('a', at(9));
  expect(await isSettled(sharing)).toBe(false);
  other.channel.connected = false;
  cluster.emit('disconnect', other);
  expect(await isSettled(sharing)).toBe(true);
});

it('parses no other messages', () => {
  const worker = new TestWorker();
  const parse = vi.spyOn(z.ZodObject.prototype as never, 'safeParse');
  const message = { channel: 'points', msg: ['consume', 'key', 1] };
  worker.channel.emit('message', message);
  cluster.emit('message', worker, message);
  expect(parse).not.toHaveBeenCalled();
});
