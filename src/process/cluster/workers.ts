import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { StartError } from '../../dev/start-error.ts';
import { type Assignment, Listening } from './messages.ts';
import { createRestartBackoff, type RestartDecision } from './restart-backoff.ts';

/** Longest time in ms that a worker has to stop once it has drained: it cuts connections after 5 s itself. */
const STOP_MS = 7_000;

interface Watch {
  log: Logger;
  /** How long in ms workers go on serving that are to stop. */
  drainMs: number;
  /** Called once, when so many workers listen for the first time. */
  onListening(address: string): void;
  /** Called when no worker serves, and none can be started. Nothing is started after that. */
  onGivingUp(error: StartError): void;
}

/** Workers that are replaced when they end. */
export interface Workers {
  /** Has them answer what is in flight, and waits until all have ended. */
  stop(): Promise<void>;
}

/** Starts so many workers with the same assignment, and another one for each that ends. */
export function startWorkers(
  count: number,
  assignment: Assignment,
  { log, drainMs, onListening, onGivingUp }: Watch,
): Workers {
  const running = new Map<Worker, PromiseWithResolvers<void>>();
  const serving = new Set<Worker>();
  const pauses = new Set<NodeJS.Timeout>();
  const decideRestart = createRestartBackoff();
  let complete = false;
  let stopping = false;

  function start(): void {
    const worker = cluster.fork();
    const born = Date.now();
    const end = Promise.withResolvers<void>();
    running.set(worker, end);
    closeLostConnection(worker);
    worker.send(assignment);
    worker.on('message', (message: unknown) => {
      const { data } = Listening.safeParse(message);
      if (data) listens(worker, data.address);
    });
    const onEnd = (how: string) => {
      if (!running.delete(worker)) return;
      end.resolve();
      const advice = decideRestart(Date.now() - born, serving.delete(worker));
      if (!stopping) replace(worker, how, advice);
    };
    worker.once('exit', (code: number | null, signal: string | null) => onEnd(signal ?? `code ${code}`));
    // Without an id, it has not even begun. Else something was sent to a worker that had just died: `exit` tells that.
    worker.on('error', (error: Error) => worker.process.pid === undefined && onEnd(error.message));
  }

  function listens(worker: Worker, address: string): void {
    serving.add(worker);
    if (complete || stopping || serving.size < count) return;
    complete = true;
    onListening(address);
  }

  function replace({ process: { pid } }: Worker, how: string, { pause, givesUp }: RestartDecision): void {
    if (givesUp && serving.size === 0) {
      stopping = true;
      onGivingUp(new StartError(`No worker can start: the last one ended with ${how}.`));
      return;
    }
    log.warn(
      { worker: pid },
      `Worker ${pid} ended with ${how}; another one starts ${pause ? `in ${pause} ms` : 'now'}`,
    );
    const timer = setTimeout(() => {
      pauses.delete(timer);
      start();
    }, pause);
    pauses.add(timer);
  }

  async function stop(): Promise<void> {
    stopping = true;
    for (const timer of pauses) clearTimeout(timer);
    const signalAll = (signal: NodeJS.Signals) => {
      for (const worker of running.keys()) worker.process.kill(signal);
    };
    const ended = Promise.all([...running.values()].map(({ promise }) => promise));
    signalAll('SIGTERM');
    const timer = setTimeout(signalAll, drainMs + STOP_MS, 'SIGKILL');
    await ended;
    clearTimeout(timer);
  }

  for (let place = 0; place < count; place += 1) start();
  return { stop };
}

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
