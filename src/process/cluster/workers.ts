import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { StartError } from '../../dev/start-error.ts';
import { type Assignment, Listening } from './messages.ts';
import { createRestartBackoff, type RestartDecision } from './restart-backoff.ts';

/**
 * Maximum time in ms for a worker to exit after its drain. Workers themselves close all connections after 5 s, and then export their
 * traces for up to 2 s.
 */
const EXIT_TIMEOUT_MS = 9_000;

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

/** Runs a number of workers with the same assignment, and a replacement for each worker that exits. */
class WorkerGroup implements Workers {
  readonly #count: number;
  readonly #assignment: Assignment;
  readonly #options: WorkersOptions;
  readonly #exits = new Map<Worker, PromiseWithResolvers<void>>();
  readonly #serving = new Set<Worker>();
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  readonly #decideRestart = createRestartBackoff();
  #haveAllListened = false;
  #isStopping = false;

  constructor(count: number, assignment: Assignment, options: WorkersOptions) {
    this.#count = count;
    this.#assignment = assignment;
    this.#options = options;
    for (let started = 0; started < count; started += 1) this.#start();
  }

  #start(): void {
    const worker = cluster.fork();
    const startedAt = Date.now();
    this.#exits.set(worker, Promise.withResolvers<void>());
    closeLostConnection(worker);
    worker.send(this.#assignment);
    worker.on('message', (message: unknown) => {
      const { data } = Listening.safeParse(message);
      if (data) this.#handleListening(worker, data.address);
    });
    worker.once('exit', (code: number | null, signal: string | null) =>
      this.#handleExit(worker, startedAt, signal ? `was killed by ${signal}` : `exited with code ${code}`),
    );
    // A worker without a pid could not be spawned. Any other error is a message to a worker that has just died, which
    // emits `exit` as well.
    worker.on('error', (error: Error) => {
      if (worker.process.pid === undefined) {
        this.#handleExit(worker, startedAt, `could not be spawned (${error.message})`);
      }
    });
  }

  #handleListening(worker: Worker, address: string): void {
    this.#serving.add(worker);
    if (this.#haveAllListened || this.#isStopping || this.#serving.size < this.#count) return;
    this.#haveAllListened = true;
    this.#options.onListening(address);
  }

  #handleExit(worker: Worker, startedAt: number, reason: string): void {
    const exit = this.#exits.get(worker);
    if (!exit) return;
    this.#exits.delete(worker);
    exit.resolve();
    const decision = this.#decideRestart(Date.now() - startedAt, this.#serving.delete(worker));
    if (!this.#isStopping) this.#replace(worker, reason, decision);
  }

  #replace({ process: { pid } }: Worker, reason: string, { delay, isHopeless }: RestartDecision): void {
    if (isHopeless && this.#serving.size === 0) {
      this.#isStopping = true;
      this.#options.onGivingUp(new StartError(`No worker could start. The last one ${reason}.`));
      return;
    }
    this.#options.log.warn(
      { worker: pid },
      `Worker ${pid} ${reason}; restarting it${delay > 0 ? ` in ${delay} ms` : ''}`,
    );
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      this.#start();
    }, delay);
    this.#restartTimers.add(timer);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#restartTimers) clearTimeout(timer);
    const signalAll = (signal: NodeJS.Signals) => {
      for (const worker of this.#exits.keys()) worker.process.kill(signal);
    };
    const allExited = Promise.all([...this.#exits.values()].map(({ promise }) => promise));
    signalAll('SIGTERM');
    const timer = setTimeout(signalAll, this.#options.drainMs + EXIT_TIMEOUT_MS, 'SIGKILL');
    await allExited;
    clearTimeout(timer);
  }
}

/** Starts `count` workers with the same assignment, and a replacement for each worker that exits. */
export function startWorkers(count: number, assignment: Assignment, options: WorkersOptions): Workers {
  return new WorkerGroup(count, assignment, options);
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
