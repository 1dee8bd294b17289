import type { Database } from '../../db/client.ts';
import { isRowLockTimeout, isUnavailable, QueuedWriteTimeoutError } from '../../db/errors.ts';
import type { DatabaseTimeouts } from '../../db/timeouts.ts';
import { UserBusyError } from '../shared/errors.ts';

/**
 * Maximum number of writes to one user that wait in this process: bounds the memory of a gateway without `IN_FLIGHT_LIMIT`.
 * Otherwise only the time that a write waits is bounded, so that a burst of writes to one user is served.
 */
const MAX_QUEUED_WRITES = 1_000;

/** A queued write. */
interface Waiter {
  enqueuedAt: number;
  /** Starts the write when the one before it has ended, or rejects it. */
  settle(error?: Error): void;
}

/** The writes to one user, one of which is running. */
interface WriteQueue {
  waiters: Set<Waiter>;
  /** When the running write was started. */
  startedAt: number;
}

/** The queue of each user that is being written to, by workspace and uid. */
const queues = new Map<string, WriteQueue>();

/**
 * Runs the writes to one user one after the other. Otherwise each of them would hold a connection while it waits for the row
 * lock of the user, and requests for one user could hold all connections of their workspace.
 * @throws {UserBusyError} immediately if the queue is full, or once the write has waited for `userQueueMs` while others ended.
 * @throws {QueuedWriteTimeoutError} if the same write has been running for all of `userQueueMs`; or if an earlier write timed out
 *   waiting for the row lock, and this one has waited for as long.
 * @throws the error of an earlier write for which the database was unavailable.
 */
export async function inWriteQueue<Result>(
  { timeouts }: Pick<Database, 'timeouts'>,
  workspaceId: string,
  uid: string,
  write: () => Promise<Result>,
): Promise<Result> {
  const key = `${workspaceId} ${uid}`;
  const existing = queues.get(key);
  const queue = existing ?? { waiters: new Set(), startedAt: performance.now() };
  if (existing) await waitInQueue(queue, timeouts);
  else queues.set(key, queue);
  try {
    return await write();
  } catch (error) {
    // Another session has locked the row. Each of the others would hold a connection for as long.
    if (isRowLockTimeout(error, 'users')) rejectLongWaiting(queue.waiters, timeouts);
    // Each of the others would find out in turn, after as long.
    else if (error instanceof Error && isUnavailable(error)) for (const { settle } of queue.waiters) settle(error);
    throw error;
  } finally {
    startNext(key, queue);
  }
}

function waitInQueue(queue: WriteQueue, { userQueueMs }: DatabaseTimeouts): Promise<void> {
  if (queue.waiters.size >= MAX_QUEUED_WRITES) throw new UserBusyError();
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      enqueuedAt: performance.now(),
      settle: (error) => {
        clearTimeout(timer);
        queue.waiters.delete(waiter);
        if (error) reject(error);
        else resolve();
      },
    };
    // Without progress, the reason is not the number of writes but a slow database or a locked row.
    const timeoutError = () =>
      queue.startedAt > waiter.enqueuedAt ? new UserBusyError() : new QueuedWriteTimeoutError('user queue');
    const timer = setTimeout(() => waiter.settle(timeoutError()), userQueueMs);
    queue.waiters.add(waiter);
  });
}

function rejectLongWaiting(waiters: Set<Waiter>, { lockMs }: DatabaseTimeouts): void {
  const latest = performance.now() - lockMs;
  for (const { enqueuedAt, settle } of waiters) if (enqueuedAt <= latest) settle(new QueuedWriteTimeoutError('lock'));
}

/** Starts the next queued write, or deletes the empty queue. */
function startNext(key: string, queue: WriteQueue): void {
  const [next] = queue.waiters;
  if (!next) return void queues.delete(key);
  queue.startedAt = performance.now();
  next.settle();
}
