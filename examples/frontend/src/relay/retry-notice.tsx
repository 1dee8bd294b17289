import { useSyncExternalStore } from 'react';

/** The number of requests that wait to be sent again. */
let waiting = 0;
const listeners = new Set<() => void>();

function add(count: number): void {
  waiting += count;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows the notice until the promise is settled. */
export async function showRetryNotice(wait: Promise<void>): Promise<void> {
  add(1);
  await wait.finally(() => add(-1));
}

/** Tells users why a request takes longer. */
export function RetryNotice() {
  const isWaiting = useSyncExternalStore(subscribe, () => waiting > 0);
  return (
    <p className="notice" role="status">
      {isWaiting && 'The server is busy. Retrying …'}
    </p>
  );
}
