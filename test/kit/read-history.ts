import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** Request timeout in ms: longer than the gateway takes for any answer. */
const REQUEST_TIMEOUT_MS = 12_000;

/** Newest events that a read returns: more than the writes of unknown outcome that can follow an acknowledged one. */
const NEWEST = 10;

/** Reads after each write. */
const READS_PER_WRITE = 9;

/** What one client writes: events with increasing numbers for a user of its own. */
interface Client {
  uid: string;
  /** The `Authorization` header. */
  key: string;
  sent: number;
  /** The numbers whose writes were acknowledged. */
  acknowledged: number[];
  /** The header that the last acknowledged write had. */
  readAfter: string | undefined;
}

/** A read of the events of a client, and why it must have that client's last acknowledged write. */
type Reason = 'own write' | 'write of the same key' | 'header';

const Response = z.object({
  data: z
    .object({
      addEvent: z.object({ __typename: z.literal('AddEventPayload') }).optional(),
      user: z.object({ events: z.object({ nodes: z.array(z.object({ value: z.number() })) }) }).optional(),
    })
    .optional(),
  errors: z.undefined().optional(),
});

const ADD = 'mutation ($input: AddEventInput!) { addEvent(input: $input) { __typename } }';
const READ = `query ($uid: String!) { user(uid: $uid) { events(first: ${NEWEST}) { nodes { value } } } }`;

/**
 * Clients of several keys that write numbered events and read them, one request after the other each. Every read is compared with what
 * had been acknowledged before it began.
 */
export class ReadHistory {
  readonly clients: readonly Client[];
  reads = 0;
  /** Requests that failed, by kind. */
  readonly failed = { write: 0, read: 0 };
  readonly stale: string[] = [];
  readonly #address: string;
  #isStopping = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(address: string, keys: readonly string[], clientsPerKey: number) {
    this.#address = address;
    this.clients = keys.flatMap((key, index) =>
      Array.from({ length: clientsPerKey }, (_, place) => {
        return { uid: `client${index}-${place}`, key, sent: 0, acknowledged: [], readAfter: undefined };
      }),
    );
  }

  get writes(): number {
    return this.clients.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  }

  start(): void {
    this.#running = Promise.all(this.clients.map((client) => this.#run(client)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(client: Client): Promise<void> {
    while (!this.#isStopping) {
      const hasWritten = await this.#write(client);
      let haveRead = true;
      for (let read = 0; read < READS_PER_WRITE; read += 1) haveRead = (await this.#readSome(client)) && haveRead;
      if (!hasWritten || !haveRead) await delay(20);
    }
  }

  async #write(client: Client): Promise<boolean> {
    client.sent += 1;
    const value = client.sent;
    const input = { uid: client.uid, name: 'Numbered', value, idempotencyKey: randomUUID() };
    const answer = await this.#send(client.key, ADD, { input });
    if (!answer?.data?.addEvent) {
      this.failed.write += 1;
      return false;
    }
    client.acknowledged.push(value);
    client.readAfter = answer.readAfter;
    return true;
  }

  /** Reads the events of the client itself, of another client with the same key, or of one with another key and its header. */
  async #readSome(client: Client): Promise<boolean> {
    const other = this.clients[randomInt(this.clients.length)] ?? client;
    if (other.key === client.key) {
      return this.#read(client.key, other, other === client ? 'own write' : 'write of the same key', undefined);
    }
    return other.readAfter && randomInt(2) === 0
      ? this.#read(client.key, other, 'header', other.readAfter)
      : this.#read(client.key, client, 'own write', undefined);
  }

  async #read(key: string, { uid, acknowledged }: Client, reason: Reason, readAfter: string | undefined) {
    const expected = acknowledged.at(-1);
    const answer = await this.#send(key, READ, { uid }, readAfter);
    const nodes = answer?.data?.user?.events.nodes;
    if (!nodes) {
      this.failed.read += 1;
      return false;
    }
    this.reads += 1;
    const values = nodes.map(({ value }) => value);
    if (expected === undefined || values.includes(expected)) return true;
    // Others of the same key may have written more than a page since.
    if (values.length === NEWEST && values.every((value) => value > expected)) return true;
    this.stale.push(`${uid}: ${reason} ${expected} (${readAfter}) is missing; newest ${values.slice(0, 3)}`);
    return true;
  }

  async #send(key: string, query: string, variables: object, readAfter?: string) {
    try {
      const response = await fetch(`${this.#address}/graphql`, {
        method: 'POST',
        headers: {
          authorization: key,
          'content-type': 'application/json',
          ...(readAfter && { 'usergraph-read-after': readAfter }),
        },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const { data } = Response.parse(await response.json());
      return { data, readAfter: response.headers.get('usergraph-read-after') ?? undefined };
    } catch {
      return undefined;
    }
  }
}
