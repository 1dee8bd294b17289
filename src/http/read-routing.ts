import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ReadSource, Replicas } from '../db/servers/replicas.ts';
import { formatPosition, isAfter, parsePosition, type RequiredPosition } from '../db/servers/wal-position.ts';
import { MalformedRequestError } from './malformed-requests.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The value of `Usergraph-Read-After`, once the request is authenticated. */
    readAfter?: RequiredPosition;
  }
}

/** Responses to writes carry it; a read that sends it back reads what was written. */
export const READ_AFTER_HEADER = 'Usergraph-Read-After';

/** The same name in lower case, as in `request.headers`. */
export const LOWERCASE_READ_AFTER_HEADER = READ_AFTER_HEADER.toLowerCase();

/** Keys whose writes are remembered one by one. */
const MAX_KEYS = 10_000;

/**
 * How long in ms after a commit PostgreSQL has certainly stored it, even with `synchronous_commit = off`: three times
 * `wal_writer_delay`, which is 200 ms by default. A replica is fresh if it has what had been stored.
 */
const STORE_MARGIN_MS = 1_000;

/**
 * What is known of a write: the position of the primary after it, `primary` if it is committed at an unknown position, or `uncertain` if
 * it may still be committed.
 */
export type WriteOutcome = RequiredPosition | 'uncertain';

/** The writes of a key, until a fresh replica certainly has them. */
interface RecentWrite {
  /** Of what is committed. */
  position: RequiredPosition | undefined;
  /** Until when reads use the primary because of an uncertain write, in ms of `performance.now()`. */
  uncertainUntil: number;
  expiresAt: number;
}

/** Remembers the position of the last write of each key, for as long as a replica may be behind. */
export class RecentWrites {
  /** Until when the writes of all other processes are known, in ms of `performance.now()`. Afterwards, reads use the primary. */
  completeUntil = Number.POSITIVE_INFINITY;
  /** Ordered by expiry. */
  readonly #writes = new Map<string, RecentWrite>();
  readonly #ttlMs: number;
  /** For all keys: covers writes that precede the start, and writes of keys that are no longer remembered one by one. */
  #floor: RecentWrite;

  /** @param maxStalenessMs how old in ms what a replica returns may be. */
  constructor(maxStalenessMs: number) {
    this.#ttlMs = maxStalenessMs + STORE_MARGIN_MS;
    this.#floor = this.#withOutcome(undefined, 'primary');
  }

  /**
   * Sets the position that reads of every key must have reached. It covers the writes that precede this process's first notification of
   * writes.
   */
  set floor(position: RequiredPosition) {
    this.#floor = this.#withOutcome(this.#floor, position);
  }

  /**
   * Records a write. A position includes earlier writes that were committed at unknown positions. It does not include an uncertain one,
   * which can be committed later.
   */
  record(key: string, outcome: WriteOutcome): void {
    const write = this.#withOutcome(this.#writes.get(key), outcome);
    this.#writes.delete(key);
    if (this.#writes.size >= MAX_KEYS) {
      // These writes are later than the former floor and replace its position. Its uncertain writes can still be committed, so their
      // deadline stays.
      const writes = [...this.#writes.values()].reduce(merge, write);
      const uncertainUntil = Math.max(writes.uncertainUntil, this.#floor.uncertainUntil);
      this.#floor = { ...writes, uncertainUntil };
      this.#writes.clear();
    }
    this.#writes.set(key, write);
    this.#deleteExpired();
  }

  /** What reads of a key must include. */
  required(key: string): RequiredPosition | undefined {
    const now = performance.now();
    if (this.completeUntil <= now) return 'primary';
    const valid = (write: RecentWrite | undefined) => {
      if (!write || write.expiresAt <= now) return undefined;
      return write.uncertainUntil > now ? 'primary' : write.position;
    };
    return laterPosition(valid(this.#writes.get(key)), valid(this.#floor));
  }

  #withOutcome(former: RecentWrite | undefined, outcome: WriteOutcome): RecentWrite {
    const expiresAt = performance.now() + this.#ttlMs;
    const { position, uncertainUntil = 0 } = former ?? {};
    if (outcome === 'uncertain') return { position, uncertainUntil: expiresAt, expiresAt };
    const isIncluded = position === 'primary';
    return { position: isIncluded ? outcome : laterPosition(outcome, position), uncertainUntil, expiresAt };
  }

  #deleteExpired(): void {
    const now = performance.now();
    for (const [key, { expiresAt }] of this.#writes) {
      if (expiresAt > now) return;
      this.#writes.delete(key);
    }
  }
}

/** Combines the requirements of two keys. */
const merge = (write: RecentWrite, other: RecentWrite): RecentWrite => ({
  position: laterPosition(write.position, other.position),
  uncertainUntil: Math.max(write.uncertainUntil, other.uncertainUntil),
  expiresAt: Math.max(write.expiresAt, other.expiresAt),
});

/** The later of two positions. */
function laterPosition<Other extends RequiredPosition | undefined>(
  position: Other,
  other: RequiredPosition | undefined,
): Other | RequiredPosition {
  if (position === 'primary' || other === undefined) return position;
  return position === undefined || other === 'primary' || isAfter(other, position) ? other : position;
}

/** Routes the reads of requests to replicas. */
export interface ReadRouting {
  replicas: Pick<Replicas, 'choose' | 'positionAfterWrites'>;
  writes: RecentWrites;
  /** Tells other processes of this gateway about a write, before its response is sent. */
  share?: ((key: string, outcome: WriteOutcome) => Promise<void>) | undefined;
}

const keyOf = ({ viewer }: FastifyRequest) => viewer && `${viewer.workspaceId} ${viewer.keyId}`;

/** Chooses where a request reads, so that it reads what its key has written, and what its header names. */
export function chooseReads(
  { replicas, writes }: ReadRouting,
  request: FastifyRequest,
): ReadSource | Promise<ReadSource> {
  const required = writes.required(keyOf(request) ?? '');
  const { readAfter } = request;
  return replicas.choose(laterPosition(readAfter, required));
}

/** Reads the header of requests, and adds it to the responses of writes. */
export function addReadRouting(app: FastifyInstance, routing: ReadRouting): void {
  app.decorateRequest('readAfter', undefined);
  app.addHook('preValidation', (request, _reply, done) => {
    const text = request.headers[LOWERCASE_READ_AFTER_HEADER];
    if (text === undefined || !request.viewer) return done();
    const position = text === 'primary' ? text : parsePosition(String(text));
    if (!position) return done(new MalformedRequestError(400, malformedMessage(String(text))));
    request.readAfter = position;
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    const key = keyOf(request);
    // A request that exceeds a rate limit is rejected before it writes.
    if (!request.hasWritten || key === undefined || reply.statusCode === 429) return done();
    if (reply.statusCode < 500) {
      addCommitted(routing, key, reply).then(() => done(), done);
      return;
    }
    // The response acknowledges nothing. If it waited, a handler that ends after the deadline could send a second one meanwhile.
    routing.writes.record(key, 'uncertain');
    void routing.share?.(key, 'uncertain');
    done();
  });
}

/** Makes a write known to later reads, before it is acknowledged. */
async function addCommitted({ replicas, writes, share }: ReadRouting, key: string, reply: FastifyReply): Promise<void> {
  const position = (await replicas.positionAfterWrites()) ?? 'primary';
  writes.record(key, position);
  await share?.(key, position);
  reply.header(READ_AFTER_HEADER, position === 'primary' ? position : formatPosition(position));
}

const malformedMessage = (text: string) =>
  `${READ_AFTER_HEADER} must be the value that a response to a write had, such as 1-0/3000148; got ${JSON.stringify(text.slice(0, 100))}.`;
