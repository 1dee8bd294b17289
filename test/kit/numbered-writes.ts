import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isInputObjectType } from 'graphql';
import { z } from 'zod';
import { servedSchema } from '../../src/federation/subgraph.ts';

/** Kinds of numbered writes: an event; an attribute of a user; a user with a device and two lists. */
export const kinds = ['addEvent', 'updateUser', 'createUser'] as const;
export type Kind = (typeof kinds)[number];

/** Attributes written to one user: fewer than the limit. */
const ATTRIBUTES = 40;

/** Request timeout in ms. */
const REQUEST_TIMEOUT_MS = 12_000;

/** A write and its outcome. */
export interface Write {
  kind: Kind;
  number: number;
  /** Whether a response confirmed its success. */
  acknowledged: boolean;
  /** The number of attempts; only a write with a key is retried. */
  sent: number;
  /** Whether it carries an idempotency key. */
  keyed: boolean;
}

/** The user whose attribute has this number. */
export const holderOf = (number: number) => `holder${Math.floor(number / ATTRIBUTES)}`;

/** Whether a mutation's input accepts an idempotency key, so that it can be retried. */
export function takesKey(kind: Kind): boolean {
  const type = servedSchema.getType(`${kind.charAt(0).toUpperCase()}${kind.slice(1)}Input`);
  return isInputObjectType(type) && 'idempotencyKey' in type.getFields();
}

const inputOf: Record<Kind, (number: number, listIds: readonly string[]) => object> = {
  addEvent: (number) => ({ uid: 'writer', name: 'Numbered', value: number, properties: { number } }),
  updateUser: (number) => ({ uid: holderOf(number), meta: { [`k${number}`]: number } }),
  createUser: (number, listIds) => ({
    uid: `made${number}`,
    listIds,
    device: { token: `token${number}`, platform: 'IOS' },
  }),
};

const Answer = z.object({ data: z.record(z.string(), z.object({ __typename: z.string() })) });

interface Writers {
  /** The writes so far, in the order in which they were first sent; those in flight are not acknowledged yet. */
  writes: readonly Write[];
  /** Stops after the in-flight writes. @returns all writes. */
  stop(): Promise<Write[]>;
}

/**
 * Writes continuously with a fixed concurrency. Retries an unacknowledged write with a key until it is acknowledged.
 * @param address returns the current address of the gateway.
 */
export function startWriters(
  count: number,
  address: () => string,
  authorization: string,
  listIds: readonly string[],
): Writers {
  const writes: Write[] = [];
  let stopping = false;

  async function send({ kind }: Write, input: object): Promise<boolean> {
    try {
      const response = await fetch(`${address()}/graphql`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({
          query: `mutation ($input: ${kind.charAt(0).toUpperCase()}${kind.slice(1)}Input!) { ${kind}(input: $input) { __typename } }`,
          variables: { input },
        }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const { data } = Answer.safeParse(await response.json());
      return data?.data[kind]?.__typename.endsWith('Payload') ?? false;
    } catch {
      return false;
    }
  }

  async function write(kind: Kind): Promise<void> {
    const number = writes.length;
    const made: Write = { kind, number, acknowledged: false, sent: 0, keyed: takesKey(kind) };
    writes.push(made);
    const input = { ...inputOf[kind](number, listIds), ...(made.keyed ? { idempotencyKey: randomUUID() } : {}) };
    do {
      made.sent += 1;
      made.acknowledged = await send(made, input);
      if (!made.acknowledged) await delay(50);
    } while (made.keyed && !made.acknowledged && made.sent < 1_000);
  }

  const writing = Array.from({ length: count }, async (_, place) => {
    for (let round = place; !stopping; round += 1) await write(kinds[round % kinds.length] ?? 'addEvent');
  });
  return {
    writes,
    async stop() {
      stopping = true;
      await Promise.all(writing);
      return writes;
    },
  };
}
