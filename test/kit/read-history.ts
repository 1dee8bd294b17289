import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** Request timeout in ms: longer than the gateway takes for any answer. */
const REQUEST_TIMEOUT_MS = 12_000;

/** Newest events that a read returns: more than the writes of unknown outcome that can follow an acknowledged one. */
const NEWEST = 10;

/** Reads after each write. */
const READS_PER_WRITE = 9;

/** What one client writes: events and attributes with increasing numbers for a user of its own. */
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

const WriteResponse = z.object({
  data: z.object({
    addEvent: z.object({ __typename: z.literal('AddEventPayload') }),
    updateUser: z.object({ __typename: z.literal('UpdateUserPayload') }),
  }),
  errors: z.undefined().optional(),
});

const EventsResponse = z.object({
  data: z.object({ user: z.object({ events: z.object({ nodes: z.array(z.object({ value: z.number() })) }) }) }),
  errors: z.undefined().optional(),
});

const UserResponse = z.object({ meta: z.record(z.string(), z.number()) });

const WRITE = `mutation ($event: AddEventInput!, $user: UpdateUserInput!) {
  addEvent(input: $event) { __typename }
  updateUser(input: $user) { __typename }
}`;
const READ_EVENTS = `query ($uid: String!) { user(uid: $uid) { events(first: ${NEWEST}) { nodes { value } } } }`;

/** The attribute with a number. A write of unknown outcome that is stored late does not replace the next ones. */
const attributeOf = (value: number) => `last${value % NEWEST}`;

/**
 * Clients of several keys that write numbered events and attributes, and read events through GraphQL and attributes through REST, one
 * request after the other each. Every read is compared with what had been acknowledged before it began.
 */
export class ReadHistory {
  readonly clients: readonly Client[];
  /** Reads that succeeded, by API. */
  readonly reads = { graphql: 0, rest: 0 };
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

  /** Creates the users of the clients. */
  async createUsers(): Promise<void> {
    for (const { uid, key } of this.clients) {
      const headers = { authorization: key, 'content-type': 'application/json' };
      const response = await fetch(`${this.#address}/v1/users/${uid}`, { method: 'PUT', headers, body: '{}' });
      if (!response.ok) throw new Error(`User ${uid} was not created: ${await response.text()}`);
    }
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
    const event = { uid: client.uid, name: 'Numbered', value, idempotencyKey: randomUUID() };
    const user = { uid: client.uid, meta: { [attributeOf(value)]: value } };
    const answer = await this.#query(WriteResponse, client.key, WRITE, { event, user });
    if (!answer) {
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

  /** Reads with the last acknowledged number, and records if it is missing. @returns whether the read succeeded. */
  async #read(
    key: string,
    { uid, acknowledged }: Client,
    reason: Reason,
    readAfter: string | undefined,
  ): Promise<boolean> {
    const expected = acknowledged.at(-1);
    const api = randomInt(2) === 0 ? 'graphql' : 'rest';
    const found = await (api === 'graphql'
      ? this.#readEvents(key, uid, expected, readAfter)
      : this.#readAttribute(key, uid, expected, readAfter));
    if (!found) {
      this.failed.read += 1;
      return false;
    }
    this.reads[api] += 1;
    if (!found.isStale) return true;
    this.stale.push(`${api} ${uid}: ${reason} ${expected} (${readAfter}) is missing; found ${found.values}`);
    return true;
  }

  async #readEvents(key: string, uid: string, expected: number | undefined, readAfter?: string) {
    const answer = await this.#query(EventsResponse, key, READ_EVENTS, { uid }, readAfter);
    if (!answer) return undefined;
    const values = answer.body.data.user.events.nodes.map(({ value }) => value);
    // Others of the same key may have written more than a page since.
    const isStale =
      expected !== undefined &&
      !values.includes(expected) &&
      !(values.length === NEWEST && values.every((value) => value > expected));
    return { isStale, values };
  }

  async #readAttribute(key: string, uid: string, expected: number | undefined, readAfter?: string) {
    const answer = await this.#send(UserResponse, key, `/v1/users/${uid}`, undefined, readAfter);
    if (!answer) return undefined;
    const { meta } = answer.body;
    const isStale = expected !== undefined && !((meta[attributeOf(expected)] ?? 0) >= expected);
    return { isStale, values: Object.values(meta) };
  }

  #query<Body>(schema: z.ZodType<Body>, key: string, query: string, variables: object, readAfter?: string) {
    return this.#send(schema, key, '/graphql', { query, variables }, readAfter);
  }

  /** @returns undefined if the request failed. */
  async #send<Body>(schema: z.ZodType<Body>, key: string, path: string, body?: object, readAfter?: string) {
    try {
      const response = await fetch(this.#address + path, {
        method: body ? 'POST' : 'GET',
        headers: {
          authorization: key,
          ...(body && { 'content-type': 'application/json' }),
          ...(readAfter && { 'usergraph-read-after': readAfter }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return {
        body: schema.parse(await response.json()),
        readAfter: response.headers.get('usergraph-read-after') ?? undefined,
      };
    } catch {
      return undefined;
    }
  }
}
