import type { FastifyInstance, FastifyRequest } from 'fastify';
import { formatPosition, isAfter, type Position, parsePosition } from '../db/servers/position.ts';
import type { ReadSource, Replicas } from '../db/servers/replicas.ts';
import { MalformedRequestError } from './malformed-requests.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The position of `Usergraph-Read-After`, once the request is authenticated. */
    readAfter?: Position;
  }
}

/** Responses to writes carry it; a read that sends it back reads what was written. */
export const READ_AFTER_HEADER = 'usergraph-read-after';

/** Keys whose writes are remembered one by one. */
const MAX_KEYS = 10_000;

/** What a caller has written; `primary` if its position is unknown. */
export type WrittenPosition = Position | 'primary';

/** A write, and when a fresh replica certainly has it. */
interface RecentWrite {
  position: WrittenPosition;
  /** In ms of `performance.now()`. */
  expiresAt: number;
}

/** Remembers the position of the last write of each key, for as long as a replica may be behind. */
export class RecentWrites {
  /** In the order of their ends. */
  readonly #writes = new Map<string, RecentWrite>();
  readonly #ttlMs: number;
  /** For all keys: of writes before this process has started, and after writes of too many keys. */
  #floor: RecentWrite;

  /** @param ttlMs how old in ms what a replica returns may be. */
  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
    this.#floor = { position: 'primary', expiresAt: performance.now() + ttlMs };
  }

  /** Sets what reads of all keys must include: what had been written before this process has started. */
  set floor(position: Position) {
    this.#floor = { position, expiresAt: performance.now() + this.#ttlMs };
  }

  /** Records a write that has been committed. A known position includes earlier writes whose positions are unknown. */
  record(key: string, position: WrittenPosition): void {
    const former = this.#writes.get(key)?.position;
    const write = {
      position: former === 'primary' ? position : later(position, former),
      expiresAt: performance.now() + this.#ttlMs,
    };
    this.#writes.delete(key);
    if (this.#writes.size >= MAX_KEYS) {
      for (const { position: other } of this.#writes.values()) write.position = later(write.position, other);
      this.#floor = write;
      this.#writes.clear();
    }
    this.#writes.set(key, write);
    this.#deleteExpired();
  }

  /** What reads of a key must include. */
  required(key: string): WrittenPosition | undefined {
    const now = performance.now();
    const valid = (write: RecentWrite | undefined) => (write && write.expiresAt > now ? write.position : undefined);
    const own = valid(this.#writes.get(key));
    const floor = valid(this.#floor);
    return own === undefined ? floor : later(own, floor);
  }

  #deleteExpired(): void {
    const now = performance.now();
    for (const [key, { expiresAt }] of this.#writes) {
      if (expiresAt > now) return;
      this.#writes.delete(key);
    }
  }
}

/** The later of two positions. */
function later(position: WrittenPosition, other: WrittenPosition | undefined): WrittenPosition {
  if (position === 'primary' || other === undefined) return position;
  return other === 'primary' || isAfter(other, position) ? other : position;
}

/** Routes the reads of requests to replicas. */
export interface ReadRouting {
  replicas: Pick<Replicas, 'choose' | 'positionAfterWrites'>;
  writes: RecentWrites;
  /** Tells other processes of this gateway about a write, before its response is sent. */
  share?: ((key: string, position: WrittenPosition) => Promise<void>) | undefined;
}

const keyOf = ({ viewer }: FastifyRequest) => viewer && `${viewer.workspaceId} ${viewer.keyId}`;

/** Chooses where a request reads, so that it reads what its key has written, and what its header names. */
export function chooseReads(
  { replicas, writes }: ReadRouting,
  request: FastifyRequest,
): ReadSource | Promise<ReadSource> {
  const required = writes.required(keyOf(request) ?? '');
  const { readAfter } = request;
  return replicas.choose(readAfter ? later(readAfter, required) : required);
}

/** Reads the header of requests, and adds it to the responses of writes. */
export function addReadRouting(app: FastifyInstance, routing: ReadRouting): void {
  app.decorateRequest('readAfter', undefined);
  app.addHook('preValidation', (request, _reply, done) => {
    const text = request.headers[READ_AFTER_HEADER];
    if (text === undefined || !request.viewer) return done();
    const position = parsePosition(String(text));
    if (!position) return done(new MalformedRequestError(400, malformedMessage(String(text))));
    request.readAfter = position;
    done();
  });
  app.addHook('onSend', async (request, reply) => {
    const key = keyOf(request);
    if (!request.hasWritten || key === undefined) return;
    // The outcome of a write that failed in this way is unknown.
    const position = reply.statusCode >= 500 ? undefined : await routing.replicas.positionAfterWrites();
    routing.writes.record(key, position ?? 'primary');
    await routing.share?.(key, position ?? 'primary');
    if (position) reply.header(READ_AFTER_HEADER, formatPosition(position));
  });
}

const malformedMessage = (text: string) =>
  `Usergraph-Read-After must be the value that a response to a write had, such as 1-0/3000148; got ${JSON.stringify(text.slice(0, 100))}.`;
