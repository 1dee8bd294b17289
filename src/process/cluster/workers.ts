import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { StartError } from '../../dev/start-error.ts';
import { type Assignment, Listening } from './messages.ts';
import { createRestartBackoff, type RestartDecision } from './restart-backoff.ts';

/** Maximum time in ms for a worker to exit after its drain. Workers themselves close all connections after 5 s. */
const EXIT_TIMEOUT_MS = 7_000;

interface WorkersOptions {
  log: Logger;
  /** How long in ms workers keep serving after SIGTERM. */
  drainMs: number;
  /** Called once, when all workers listen for the first time. */
  onListening(address: string): void;
  /** Called when no worker serves and none can be started. No worker is started afterwards. */
  onGivingUp(error: StartError): void;
}

/** A group of workers that are replaced when they exit. */
export interface Workers {
  /** Shuts all workers down gracefully and waits until they have exited. */
  stop(): Promise<void>;
}

/** Starts `count` workers with the same assignment, and a replacement for each worker that exits. */
export function startWorkers(
  count: number,
  assignment: Assignment,
  { log, drainMs, onListening, onGivingUp }: WorkersOptions,
): Workers {
  const exits = new Map<Worker, PromiseWithResolvers<void>>();
  const serving = new Set<Worker>();
  const restartTimers = new Set<NodeJS.Timeout>();
  const decideRestart = createRestartBackoff();
  let haveAllListened = false;
  let isStopping = false;

  function start(): void {
    const worker = cluster.fork();
    const startedAt = Date.now();
    const exit = Promise.withResolvers<void>();
    exits.set(worker, exit);
    closeLostConnection(worker);
    worker.send(assignment);
    worker.on('message', (message: unknown) => {
      const { data } = Listening.safeParse(message);
      if (data) handleListening(worker, data.address);
    });
    const handleExit = (reason: string) => {
      if (!exits.delete(worker)) return;
      exit.resolve();
      const decision = decideRestart(Date.now() - startedAt, serving.delete(worker));
      if (!isStopping) replace(worker, reason, decision);
    };
    worker.once('exit', (code: number | null, signal: string | null) =>
      handleExit(signal ? `was killed by ${signal}` : `exited with code ${code}`),
    );
    // A worker without a pid could not be spawned. Any other error is a message to a worker that has just died, which
    // emits `exit` as well.
    worker.on('error', (error: Error) => {
      if (worker.process.pid === undefined) handleExit(`could not be spawned (${error.message})`);
    });
  }

  function handleListening(worker: Worker, address: string): void {
    serving.add(worker);
    if (haveAllListened || isStopping || serving.size < count) return;
    haveAllListened = true;
    onListening(address);
  }

  function replace({ process: { pid } }: Worker, reason: string, { delay, isHopeless }: RestartDecision): void {
    if (isHopeless && serving.size === 0) {
      isStopping = true;
      onGivingUp(new StartError(`No worker could start. The last one ${reason}.`));
      return;
    }
    log.warn({ worker: pid }, `Worker ${pid} ${reason}; restarting it in ${delay} ms`);
    const timer = setTimeout(() => {
      restartTimers.delete(timer);
      start();
    }, delay);
    restartTimers.add(timer);
  }

  async function stop(): Promise<void> {
    isStopping = true;
    for (const timer of restartTimers) clearTimeout(timer);
    const signalAll = (signal: NodeJS.Signals) => {
      for (const worker of exits.keys()) worker.process.kill(signal);
    };
    const allExited = Promise.all([...exits.values()].map(({ promise }) => promise));
    signalAll('SIGTERM');
    const timer = setTimeout(signalAll, drainMs + EXIT_TIMEOUT_MS, 'SIGKILL');
    await allExited;
    clearTimeout(timer);
  }

  for (let started = 0; started < count; started += 1) start();
  return { stop };
}

/**
 * Closes the connection that was being handed to a worker when the worker died. node:cluster forgets that connection,
 * and its client would wait forever. Clients retry after a closed connection.
 */
function closeLostConnection({ process: child }: Worker): void {
  const send = child.send;
  let pendingConnection: object | undefined;
  child.send = (...args: unknown[]): boolean => {
    const [, handle] = args;
    if (typeof handle === 'object' && handle) pendingConnection = handle;
    return Reflect.apply(send, child, args);
  };
  // Runs before node:cluster handles the worker's acknowledgement and hands over the next connection.
  child.prependListener('internalMessage', (message: unknown) => {
    if (typeof message === 'object' && message && 'accepted' in message) pendingConnection = undefined;
  });
  // `close` is emitted after all messages of the worker have been received.
  child.once('close', () => {
    if (pendingConnection && 'close' in pendingConnection && typeof pendingConnection.close === 'function') {
      pendingConnection.close();
    }
  });
}
