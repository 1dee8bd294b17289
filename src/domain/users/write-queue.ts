import type { Database } from '../../db/client.ts';
import { LockTimeoutError } from '../../db/errors.ts';
import { UserBusyError } from '../shared/errors.ts';

/** Most requests of this process that wait to write to one user. */
const MAX_WAITING = 64;

/** Takes its turn: the write before it has ended. */
type Turn = () => void;

/** The writes that wait for each user who is being written to, by workspace and uid. */
const queues = new Map<string, Set<Turn>>();

/**
 * Runs the writes to one user one after the other. Without this, each of them would hold a connection while it waits for the
 * user's row lock, and requests for one user could hold all connections of their workspace.
 * @throws {UserBusyError} at once where too many wait already.
 * @throws {LockTimeoutError} where it waited as long as for a lock.
 */
export async function inWriteQueue<Result>(
  { timeouts }: Database,
  workspaceId: string,
  uid: string,
  write: () => Promise<Result>,
): Promise<Result> {
  const key = `${workspaceId} ${uid}`;
  const waiting = queues.get(key);
  if (waiting) await takeTurn(waiting, timeouts.lockMs);
  else queues.set(key, new Set());
  try {
    return await write();
  } finally {
    passOn(key);
  }
}

function takeTurn(waiting: Set<Turn>, timeoutMs: number): Promise<void> {
  if (waiting.size >= MAX_WAITING) throw new UserBusyError();
  return new Promise((resolve, reject) => {
    const turn = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.delete(turn);
      reject(new LockTimeoutError());
    }, timeoutMs);
    waiting.add(turn);
  });
}

/** Lets the next write begin; the user has no queue when nothing waits. */
function passOn(key: string): void {
  const waiting = queues.get(key);
  const [next] = waiting ?? [];
  if (!waiting || !next) {
    queues.delete(key);
    return;
  }
  waiting.delete(next);
  next();
}
