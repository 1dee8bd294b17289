import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { formatPosition, parsePosition } from '../../db/servers/position.ts';
import type { ReadRouting, RecentWrites, WrittenPosition } from '../../http/read-routing.ts';

/** How long in ms a response waits until the other workers know of its write. One that hangs answers no reads either. */
const SHARE_TIMEOUT_MS = 500;

/** Message of a worker that a key has written, and of the primary to the other workers. */
const Written = z.object({ written: z.object({ id: z.string(), key: z.string(), position: z.string() }) });

/** Message of a worker that it remembers a write, and of the primary that all workers do. */
const Remembered = z.object({ remembered: z.string() });

/** Message of a worker that takes part. */
const Joining = z.object({ sharesWrites: z.literal(true) });

/** Runs in the primary: passes each write to the workers that take part, and tells its worker when all remember it. */
export function relayWrites(): void {
  const members = new Set<Worker>();
  const pending = new Map<string, { origin: Worker; waiting: Set<Worker> }>();
  const settle = (id: string, worker?: Worker) => {
    const write = pending.get(id);
    if (!write) return;
    if (worker) write.waiting.delete(worker);
    if (write.waiting.size > 0) return;
    pending.delete(id);
    if (write.origin.isConnected()) write.origin.send({ remembered: id } satisfies z.output<typeof Remembered>);
  };
  cluster.on('disconnect', (worker) => {
    members.delete(worker);
    for (const id of pending.keys()) settle(id, worker);
  });
  cluster.on('message', (worker, message: unknown) => {
    if (Joining.safeParse(message).success) members.add(worker);
    const { data: remembered } = Remembered.safeParse(message);
    if (remembered) settle(remembered.remembered, worker);
    const { data } = Written.safeParse(message);
    if (!data) return;
    const others = [...members].filter((member) => member !== worker && member.isConnected());
    pending.set(data.written.id, { origin: worker, waiting: new Set(others) });
    for (const other of others) other.send(data);
    settle(data.written.id);
  });
}

/** Runs in a worker: tells the other workers about writes of this one, and `writes` about theirs. */
export function shareWrites(writes: RecentWrites): ReadRouting['share'] {
  const sent = new Map<string, () => void>();
  let count = 0;
  process.on('message', (message) => {
    const { data } = Written.safeParse(message);
    if (data) {
      writes.record(data.written.key, toPosition(data.written.position));
      process.send?.({ remembered: data.written.id } satisfies z.output<typeof Remembered>);
    }
    const { data: answer } = Remembered.safeParse(message);
    if (answer) sent.get(answer.remembered)?.();
  });
  process.send?.({ sharesWrites: true } satisfies z.output<typeof Joining>);
  return async (key, position) => {
    if (!process.connected) return;
    count += 1;
    const id = `${process.pid}.${count}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    sent.set(id, resolve);
    const text = position === 'primary' ? position : formatPosition(position);
    process.send?.({ written: { id, key, position: text } } satisfies z.output<typeof Written>);
    await Promise.race([promise, delay(SHARE_TIMEOUT_MS, undefined, { ref: false })]);
    sent.delete(id);
  };
}

const toPosition = (text: string): WrittenPosition => parsePosition(text) ?? 'primary';
