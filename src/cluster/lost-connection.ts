import type { Worker } from 'node:cluster';

/**
 * node:cluster forgets the connection that was on its way to a worker when that died, and its client would wait for
 * ever. This closes it: clients ask again, as they do when a connection breaks that a dead worker had.
 */
export function closeLostConnection({ process: child }: Worker): void {
  const send = child.send;
  let last: object | undefined;
  child.send = (...args: unknown[]): boolean => {
    const [, handle] = args;
    if (typeof handle === 'object' && handle) last = handle;
    return Reflect.apply(send, child, args);
  };
  // By then all that the worker has said was heard: a connection that it took is closed here, and stays open there.
  child.once('close', (code) => {
    // One that ends in order has sent back what it did not take.
    if (code !== 0 && last && 'close' in last && typeof last.close === 'function') last.close();
  });
}
