import type { Worker } from 'node:cluster';

/**
 * node:cluster forgets the connection that was on its way to a worker when that ended, and its client would wait for
 * ever. This closes it: clients ask again, as they do when a connection breaks that a dead worker had.
 */
export function closeLostConnection({ process: child }: Worker): void {
  const send = child.send;
  let underWay: object | undefined;
  child.send = (...args: unknown[]): boolean => {
    const [, handle] = args;
    if (typeof handle === 'object' && handle) underWay = handle;
    return Reflect.apply(send, child, args);
  };
  // Before node:cluster hears that the worker has taken a connection, or sent it back, and hands it the next one.
  child.prependListener('internalMessage', (message: unknown) => {
    if (typeof message === 'object' && message && 'accepted' in message) underWay = undefined;
  });
  // By then all that the worker has said was heard.
  child.once('close', () => {
    if (underWay && 'close' in underWay && typeof underWay.close === 'function') underWay.close();
  });
}
