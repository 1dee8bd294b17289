import { AsyncLocalStorage } from 'node:async_hooks';
import { type Channel, channel } from 'node:diagnostics_channel';
import type { Span } from '@opentelemetry/api';
import { reportListenerError } from './listener-errors.ts';

/**
 * The channels on which the gateway reports its work to metrics and traces. Without subscribers, reporting costs a check of a
 * property. The modules that report do not depend on those that listen.
 */

/** Work that is reported. */
export interface Reported {
  /** Its duration. Set at the end. */
  seconds?: number;
  /** The scope in which it runs, if a subscriber has given it one of its own at the start. */
  scope?: Scope;
  /** Its span, if it is traced. */
  span?: Span;
  /** Set at the end if it failed, for the subscribers only; it can contain personal data. */
  error?: unknown;
  /** Set at the end, like `error`: the original errors of what failed within the work. */
  causes?: readonly unknown[] | undefined;
}

/** Statements of a request that have the same label. */
export interface StatementTotals {
  label: string;
  count: number;
  /** Their total duration. */
  ms: number;
}

/** What a request has done so far, for the log of slow operations. */
export interface RequestRecord {
  operation?: OperationMessage;
  /** Duration of the execution of the operation. */
  executeMs?: number;
  statements: StatementTotals[];
}

/** The requests and the parent span of the work in an asynchronous context. Immutable. */
export interface Scope {
  /** Usually one request; several if the work is a batch; none if it is a job, or if slow operations are not logged. */
  readonly requests: readonly RequestRecord[];
  /** The parent of the spans of the work; undefined if it is not traced. */
  readonly span: Span | undefined;
}

/** The scope of the current asynchronous context; undefined unless traces or the log of slow operations are on. */
export const scopes = new AsyncLocalStorage<Scope | undefined>();

/** A SQL statement, from the moment when it has a connection. Prisma's own statements are not reported. */
export interface StatementMessage extends Reported {
  /** As `labelOf` returns it, such as `readUsers`; `unlabeled` if there is none; `begin`, `commit` and `rollback` of transactions. */
  label: string;
}

/** A statement that serves several keys or inputs, possibly of several requests. */
export interface BatchMessage extends Reported {
  /** What is loaded or written, such as `users`. A fixed set. */
  name: string;
  /** Number of keys or inputs. */
  size: number;
  /** The scope of each load, which can belong to different requests; undefined if the batch belongs to the current scope. */
  scopes?: readonly (Scope | undefined)[];
}

/** A step of a background job. */
export interface JobMessage extends Reported {
  /** Such as `erase-deleted-users`. A fixed set. */
  name: string;
  /** Set at the end: whether the step found work. */
  hasWorked?: boolean;
}

/** A GraphQL operation, from the start of its execution. */
export interface OperationMessage extends Reported {
  type: 'query' | 'mutation';
  /** The name of a persisted operation; undefined for others, whose names are chosen by callers. */
  name: string | undefined;
  /** SHA-256 of the document, in lower-case hex. A getter: computed only if it is read. */
  readonly hash: string;
  /** Its complexity. */
  cost: number;
  /** Durations in ms of the phases before its execution; 0 if the result was cached. */
  parseMs: number;
  validateMs: number;
  /** Set at the end: the codes of its errors; undefined without errors. */
  errorCodes?: readonly string[];
  /** Set at the end: for each code, the original error, for the subscribers only; undefined for an error of a check. It can contain personal data. */
  causes?: readonly unknown[];
  /** Set at the end: whether it was rejected before its execution, for example because of its cost. */
  isRejected?: boolean;
}

/** A GraphQL request that was rejected before its operation was known: its document could not be found, parsed or validated. */
export interface RejectionMessage {
  code: string;
  /** Durations in ms of these phases; 0 if they did not happen or their result was cached. */
  parseMs: number;
  validateMs: number;
}

/** A wait for a database connection, including the wait for the workspace's share of the pool. */
export type ConnectionMessage = Reported;

/** What a subscriber does with work. The message is the same at the start and at the end. */
export interface WorkListener<Message> {
  start?(message: Message): void;
  /** @param seconds the duration of the work. */
  end(message: Message, seconds: number): void;
}

/** Ends a subscription. */
export type Unsubscribe = () => void;

/**
 * Subscribes to a plain channel. An error of the listener is reported: Node would end the process.
 * Only the classes of channels publish on it, so that its messages have the type of the channel.
 */
function subscribeTo<Message>(plain: Channel, listener: (message: Message) => void): Unsubscribe {
  const onMessage = (message: unknown) => {
    try {
      listener(message as Message);
    } catch (error) {
      reportListenerError(error, String(plain.name));
    }
  };
  plain.subscribe(onMessage);
  return () => plain.unsubscribe(onMessage);
}

/**
 * A channel of work that takes time. Two plain channels: a `TracingChannel` has five and takes 0.1 µs more, and it keeps the
 * result of the work in its message.
 */
export class WorkChannel<Message extends Reported> {
  readonly #start;
  readonly #end;

  constructor(name: string) {
    this.#start = channel(`usergraph:${name}:start`);
    this.#end = channel(`usergraph:${name}:end`);
  }

  get hasSubscribers(): boolean {
    return this.#end.hasSubscribers;
  }

  subscribe({ start, end }: WorkListener<Message>): Unsubscribe {
    const stopStart = start && subscribeTo(this.#start, (message: Message) => start(message));
    const stopEnd = subscribeTo(this.#end, (message: Message) => end(message, message.seconds ?? 0));
    return () => {
      stopStart?.();
      stopEnd();
    };
  }

  /** Reports work that takes no time. */
  publish(message: Message): void {
    message.seconds = 0;
    this.#start.publish(message);
    this.#end.publish(message);
  }

  /** Runs work, and reports its start and its end. */
  async follow<Result>(message: Message, work: (message: Message) => Promise<Result>): Promise<Result> {
    const startedAt = performance.now();
    this.#start.publish(message);
    try {
      return await (message.scope ? scopes.run(message.scope, work, message) : work(message));
    } catch (error) {
      message.error = error;
      throw error;
    } finally {
      message.seconds = (performance.now() - startedAt) / 1_000;
      this.#end.publish(message);
      // A connection that was opened for a request keeps its scope, and thereby its messages, for as long as it is open.
      if (message.error !== undefined) message.error = undefined;
      if (message.causes !== undefined) message.causes = undefined;
    }
  }
}

export const statementChannel = new WorkChannel<StatementMessage>('statement');
export const batchChannel = new WorkChannel<BatchMessage>('batch');
export const jobChannel = new WorkChannel<JobMessage>('job');
export const operationChannel = new WorkChannel<OperationMessage>('operation');
export const connectionChannel = new WorkChannel<ConnectionMessage>('connection');

/** A channel of events, which take no time. */
export class EventChannel<Message extends object> {
  readonly #channel;

  constructor(name: string) {
    this.#channel = channel(`usergraph:${name}`);
  }

  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  publish(message: Message): void {
    if (this.#channel.hasSubscribers) this.#channel.publish(message);
  }

  subscribe(listener: (message: Message) => void): Unsubscribe {
    return subscribeTo(this.#channel, listener);
  }
}

export const rejectionChannel = new EventChannel<RejectionMessage>('rejection');

/** The status that is reported of a request whose client has disconnected before the response, as in nginx. */
export const CLIENT_CLOSED_REQUEST = 499;

/** A request that was rejected because of a limit of rates or of load. */
export interface LimitMessage {
  reason: 'points' | 'concurrency' | 'failed_logins' | 'document_time' | 'unread_responses' | 'overload';
}

export const limitChannel = new EventChannel<LimitMessage>('limit');

/** A request that is not valid HTTP. Unless its headers had arrived, it is in no other metric of the HTTP server. */
export interface MalformedRequestMessage {
  /** Status code of the response: 400, 405, 408, 417 or 431. */
  status: number;
}

export const malformedRequestChannel = new EventChannel<MalformedRequestMessage>('malformed-request');

/** A login with invalid credentials. Requests without credentials are not reported. */
export const failedLoginChannel = new EventChannel<object>('failed-login');

/** The kinds of imports and exports, as in the database. */
export const TRANSFER_KINDS = [
  'importUsers',
  'importEvents',
  'importLists',
  'exportUsers',
  'exportEvents',
  'exportLists',
] as const;

/** Progress of an import or export that this process runs. */
export interface TransferMessage {
  kind: (typeof TRANSFER_KINDS)[number];
  /** Rows since the last message. */
  written: number;
  rejected: number;
}

/** A change of the servers of the database, if there are several. */
export interface DatabaseServerMessage {
  /**
   * `failover`: another server has become the primary; `lost`: none is known; `returned`: the former primary accepts writes again;
   * `rejected`: the server belongs to another cluster or is asked for another database; `rejectedReplica`, `lostReplica` and
   * `returnedReplica`: likewise of a replica.
   */
  event: 'failover' | 'lost' | 'returned' | 'rejected' | 'rejectedReplica' | 'lostReplica' | 'returnedReplica';
  /** Host and port. */
  server: string;
  /** Host and port of the former primary. */
  former?: string;
  /** Why a server is rejected or lost. */
  problem?: string;
}

/** Which server serves a request if there are replicas, or that a statement was repeated on the primary. */
export interface ReadMessage {
  /**
   * A request uses a replica, or the primary because no replica is fresh (`stale`) or has what the caller has written (`behind`).
   * `error`: a statement failed on a replica.
   */
  outcome: 'replica' | 'stale' | 'behind' | 'error';
}

export const readChannel = new EventChannel<ReadMessage>('read');

export const databaseServerChannel = new EventChannel<DatabaseServerMessage>('database-server');

export const transferChannel = new EventChannel<TransferMessage>('transfer');

/** What a background job has read of the partitions of `events`. */
export interface PartitionMessage {
  /** The instant until which partitions exist; undefined if `events` is not partitioned. */
  until: Date | undefined;
}

export const partitionChannel = new EventChannel<PartitionMessage>('partition');

/**
 * Runs asynchronous work, and reports its start and its end.
 * @param describe called if somebody has subscribed.
 */
export function report<Message extends Reported, Result>(
  channel: WorkChannel<Message>,
  describe: () => NoInfer<Message>,
  work: (message?: NoInfer<Message>) => Promise<Result>,
): Promise<Result> {
  return channel.hasSubscribers ? channel.follow(describe(), work) : work();
}
