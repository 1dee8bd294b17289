import type { Logger } from 'pino';
import type { OperationMessage, RequestRecord } from './channels.ts';

/** A slow request as it is logged: without the text and the variables of its operation. */
interface SlowOperation {
  /** Undefined for a request of the REST API, or if the operation was not executed. */
  operation?: Record<string, string | number | undefined>;
  /** By label, the slowest first. A statement that several requests shared is listed for each of them. */
  statements: { label: string; count: number; ms: number }[];
}

/** Maximum number of slow operations that a process logs per second: if it is overloaded, all are slow. */
const MAX_PER_SECOND = 10;

/** Decides which operations are logged as slow, and logs how many were left out. */
export class SlowOperationLimit {
  readonly #slowMs: number;
  readonly #log: Pick<Logger, 'warn'>;
  #admitted = 0;
  #suppressed = 0;
  /** The end of the current second; undefined if no operation was slow in it. */
  #timer: NodeJS.Timeout | undefined;

  /** @param slowMs from which duration on an operation is slow. */
  constructor(slowMs: number, log: Pick<Logger, 'warn'>) {
    this.#slowMs = slowMs;
    this.#log = log;
  }

  /** Whether to log an operation that took `ms`. */
  admits(ms: number): boolean {
    if (ms < this.#slowMs) return false;
    this.#timer ??= setTimeout(() => this.#endSecond(), 1_000).unref();
    const isAdmitted = this.#admitted < MAX_PER_SECOND;
    if (isAdmitted) this.#admitted += 1;
    else this.#suppressed += 1;
    return isAdmitted;
  }

  #endSecond(): void {
    const count = this.#suppressed;
    this.#timer = undefined;
    this.#admitted = 0;
    this.#suppressed = 0;
    if (count > 0) this.#log.warn({ count }, `slow operations were not logged: more than ${MAX_PER_SECOND} per second`);
  }
}

const round = (ms: number) => Math.round(ms * 10) / 10;

/** Describes what a slow request has done. */
export function describeSlowOperation({ operation, executeMs, statements }: RequestRecord): SlowOperation {
  return {
    ...(operation && { operation: describeOperation(operation, executeMs) }),
    statements: statements
      .toSorted((one, other) => other.ms - one.ms)
      .map(({ label, count, ms }) => ({ label, count, ms: round(ms) })),
  };
}

/** @param executeMs undefined if the operation is still executed, although its request has been answered. */
function describeOperation(
  { type, name, hash, cost, parseMs, validateMs }: OperationMessage,
  executeMs: number | undefined,
) {
  return {
    type,
    name,
    hash,
    cost,
    parseMs: round(parseMs),
    validateMs: round(validateMs),
    executeMs: executeMs === undefined ? undefined : round(executeMs),
  };
}
