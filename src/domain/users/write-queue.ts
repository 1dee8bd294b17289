import type { Database } from '../../db/client.ts';
import { LockTimeoutError } from '../../db/errors.ts';
import { UserBusyError } from '../shared/errors.ts';

/** Maximum number of writes to one user that wait in this process. */
const MAX_QUEUED_WRITES = 64;

/** Starts a queued write, when the one before it has ended. */
type Start = () => void;

/** The queued writes of each user that is being written to, by workspace and uid. */
const queues = new Map<string, Set<Start>>();

/**
 * Runs the writes to one user one after the other. Otherwise each of them would hold a connection while it waits for the row
 * lock of the user, and requests for one user could hold all connections of their workspace.
 * @throws {UserBusyError} immediately if the queue is full.
 * @throws {LockTimeoutError} if the write waited for as long as the lock timeout.
 */
export async function inWriteQueue<Result>(
  { timeouts }: Database,
  workspaceId: string,
  uid: string,
  write: () => Promise<Result>,
): Promise<Result> {
  const key = `${workspaceId} ${uid}`;
  const queue = queues.get(key);
  if (queue) await waitInQueue(queue, timeouts.lockMs);
  else queues.set(key, new Set());
  try {
    return await write();
  } finally {
    startNext(key);
  }
}

function waitInQueue(queue: Set<Start>, timeoutMs: number): Promise<void> {
  if (queue.size >= MAX_QUEUED_WRITES) throw new UserBusyError();
  return new Promise((resolve, reject) => {
    const start = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      queue.delete(start);
      reject(new LockTimeoutError());
    }, timeoutMs);
    queue.add(start);
  });
}

/** Starts the next queued write, or deletes the empty queue. */
function startNext(key: string): void {
  const queue = queues.get(key);
  const [next] = queue ?? [];
  if (!queue || !next) {
    queues.delete(key);
    return;
  }
  queue.delete(next);
  next();
}
