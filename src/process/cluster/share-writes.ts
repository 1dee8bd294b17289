import cluster, { type Worker } from 'node:cluster';
import { z } from 'zod';
import { formatPosition, parsePosition } from '../../db/servers/wal-position.ts';
import type { ReadRouting, RecentWrites, WriteOutcome } from '../../http/read-routing.ts';

/**
 * How long in ms a worker may read from replicas without a message of the primary. After that time, a write need not wait for a worker
 * that hangs: when it continues, it reads from the primary until it has caught up with the messages.
 */
const LEASE_MS = 500;

/** Interval in ms at which the primary renews the leases. */
const RENEWAL_INTERVAL_MS = 100;

/** How long in ms a response waits if the primary hangs. */
const RELAY_TIMEOUT_MS = 10_000;

/** Message of a worker that a key has written, and of the primary to the other workers. */
const Written = z.object({ written: z.object({ id: z.string(), key: z.string(), outcome: z.string() }) });

/** Message of a worker that it remembers a write, and of the primary that all workers do. */
const Remembered = z.object({ remembered: z.string() });

/** Message of a worker that takes part. */
const Joining = z.object({ sharesWrites: z.literal(true) });

/** Message of the primary: until when the worker may read from replicas, in ms of `monotonicMs`. */
const Lease = z.object({ leaseUntil: z.number() });

/** A clock that all processes of a machine share, in ms. */
const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

/** Parses a message if it has a property. Each request has messages of other kinds on the same channel; parsing them would cost more. */
function parseIf<Schema extends z.ZodObject>(
  schema: Schema,
  property: keyof z.output<Schema> & string,
  message: unknown,
): z.output<Schema> | undefined {
  if (typeof message !== 'object' || message === null || !(property in message)) return undefined;
  return schema.safeParse(message).data;
}

/** A write that other workers have not confirmed yet. */
interface PendingWrite {
  origin: Worker;
  waiting: Set<Worker>;
  /** When the leases that precede it have expired. */
  expiresAt: number;
}

/** Passes writes among workers. */
class WriteRelay {
  readonly #members = new Set<Worker>();
  /** Ordered by expiry. */
  readonly #pending = new Map<string, PendingWrite>();

  handleMessage(worker: Worker, message: unknown): void {
    const remembered = parseIf(Remembered, 'remembered', message);
    if (remembered) this.#confirm(remembered.remembered, worker);
    const written = parseIf(Written, 'written', message);
    if (written) this.#pass(worker, written);
    if (!parseIf(Joining, 'sharesWrites', message)) return;
    this.#members.add(worker);
    this.#renew(worker);
  }

  handleDisconnect(worker: Worker): void {
    this.#members.delete(worker);
    for (const id of this.#pending.keys()) this.#confirm(id, worker);
  }

  /** Renews all leases, and ends the waits for workers whose leases have expired. */
  renewLeases(): void {
    const now = monotonicMs();
    for (const [id, { expiresAt, waiting }] of this.#pending) {
      if (expiresAt > now) break;
      waiting.clear();
      this.#settle(id);
    }
    for (const member of this.#members) this.#renew(member);
  }

  #renew(member: Worker): void {
    if (member.isConnected()) member.send({ leaseUntil: monotonicMs() + LEASE_MS } satisfies z.output<typeof Lease>);
  }

  #pass(origin: Worker, message: z.output<typeof Written>): void {
    const others = [...this.#members].filter((member) => member !== origin && member.isConnected());
    const { id } = message.written;
    this.#pending.set(id, { origin, waiting: new Set(others), expiresAt: monotonicMs() + LEASE_MS });
    for (const other of others) other.send(message);
    this.#settle(id);
  }

  #confirm(id: string, worker: Worker): void {
    this.#pending.get(id)?.waiting.delete(worker);
    this.#settle(id);
  }

  /** Tells the origin of a write that no worker has to confirm it any more. */
  #settle(id: string): void {
    const write = this.#pending.get(id);
    if (!write || write.waiting.size > 0) return;
    this.#pending.delete(id);
    if (write.origin.isConnected()) write.origin.send({ remembered: id } satisfies z.output<typeof Remembered>);
  }
}

/** Runs in the primary: passes each write to the workers that take part, and tells its worker when all remember it. */
export function relayWrites(workers: Pick<typeof cluster, 'on'> = cluster): void {
  const relay = new WriteRelay();
  workers.on('disconnect', (worker) => relay.handleDisconnect(worker));
  workers.on('message', (worker, message: unknown) => relay.handleMessage(worker, message));
  setInterval(() => relay.renewLeases(), RENEWAL_INTERVAL_MS).unref();
}

/** How a worker shares writes. */
export interface WriteSharing {
  share: NonNullable<ReadRouting['share']>;
  /** Resolves when the primary has begun to relay the writes of the other workers to this one. */
  joined: Promise<void>;
}

/** Runs in a worker: tells the other workers about writes of this one, and `writes` about theirs. */
export function shareWrites(
  writes: RecentWrites,
  primary: Pick<NodeJS.Process, 'on' | 'send' | 'connected'> = process,
): WriteSharing {
  const joining = Promise.withResolvers<void>();
  const sent = new Map<string, () => void>();
  let count = 0;
  writes.completeUntil = 0;
  primary.on('message', (message) => {
    const lease = parseIf(Lease, 'leaseUntil', message);
    if (lease) {
      writes.completeUntil = performance.now() + lease.leaseUntil - monotonicMs();
      joining.resolve();
    }
    const written = parseIf(Written, 'written', message)?.written;
    if (written) {
      writes.record(written.key, parseOutcome(written.outcome));
      primary.send?.({ remembered: written.id } satisfies z.output<typeof Remembered>);
    }
    const answer = parseIf(Remembered, 'remembered', message);
    if (answer) sent.get(answer.remembered)?.();
  });
  primary.send?.({ sharesWrites: true } satisfies z.output<typeof Joining>);
  const share: WriteSharing['share'] = async (key, outcome) => {
    if (!primary.connected) return;
    count += 1;
    const id = `${process.pid}.${count}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    sent.set(id, resolve);
    const text = typeof outcome === 'string' ? outcome : formatPosition(outcome);
    primary.send?.({ written: { id, key, outcome: text } } satisfies z.output<typeof Written>);
    const timer = setTimeout(resolve, RELAY_TIMEOUT_MS).unref();
    await promise;
    clearTimeout(timer);
    sent.delete(id);
  };
  return { share, joined: joining.promise };
}

const parseOutcome = (text: string): WriteOutcome => (text === 'uncertain' ? text : (parsePosition(text) ?? 'primary'));
