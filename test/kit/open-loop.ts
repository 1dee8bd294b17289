import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** How a request of a load ended. */
export interface Ended {
  /** Its number, which is in its event, and its `x-request-id`. */
  number: number;
  /** Its status and body, or the code of the socket's error. */
  status: number | string;
  body: string;
  /** When it was sent, in ms since the epoch. */
  sent: number;
  /** Whether the gateway had begun it: had asked for its body, or had begun to answer. */
  begun: boolean;
  /** When it was answered, or when its connection broke, in ms since the epoch. */
  ended: number;
}

/** Requests that are sent at a rate whether others are answered or not, on connections that are kept. */
export interface Load {
  /** Waits until a hundred were answered, and hardly any waits for its answer: until the gateway keeps up. */
  steady(): Promise<void>;
  /** Sends no more. @returns how each has ended. */
  stop(): Promise<Ended[]>;
}

/** Each request of so many waits until it is asked for its body (`expect: 100-continue`), which tells that it is begun. */
const AWAITED = 9;

/** How long in ms the body of such a request then takes to come: so some are always begun and not answered. */
const BODY_MS = 200;

/** Most requests without an answer where the gateway keeps up: most of them are such as take their time. */
const FEW_WAIT = 12;

/** What is sent: reads and writes in turn. */
const documentOf = (number: number) =>
  number % 2 === 0
    ? '{ users(first: 5) { nodes { uid meta } } }'
    : `mutation { addEvent(input: { uid: "u", name: "Sent", value: ${number} }) { ... on AddEventPayload { event { id } } } }`;

/** Sends so many requests a second. */
export function startLoad(address: string, authorization: string, perSecond: number): Load {
  const agent = new Agent({ keepAlive: true });
  const stopping = new AbortController();
  const ended: Promise<Ended>[] = [];
  let answered = 0;

  function begin(number: number): ClientRequest {
    const headers = { authorization, 'content-type': 'application/json', 'x-request-id': `load-${number}` };
    const to = { method: 'POST', agent };
    const body = JSON.stringify({ query: documentOf(number) });
    if (number % AWAITED !== 0) return request(`${address}/graphql`, { ...to, headers }).end(body);
    const asked = request(`${address}/graphql`, { ...to, headers: { ...headers, expect: '100-continue' } });
    asked.on('continue', () => setTimeout(() => asked.end(body), BODY_MS)).flushHeaders();
    return asked;
  }

  async function send(number: number): Promise<Ended> {
    const sent = Date.now();
    let begun = false;
    const asked = begin(number).on('continue', () => (begun = true));
    const end = (status: number | string, body = ''): Ended => ({
      number,
      sent,
      begun,
      status,
      body,
      ended: Date.now(),
    });
    try {
      const [response]: IncomingMessage[] = await once(asked, 'response');
      begun = true;
      const body = response ? await text(response) : '';
      return end(response?.statusCode ?? 0, body);
    } catch (error) {
      return end(error instanceof Error && 'code' in error ? String(error.code) : `${error}`);
    }
  }

  async function sendAll(): Promise<void> {
    const began = Date.now();
    while (!stopping.signal.aborted) {
      while (ended.length < ((Date.now() - began) / 1000) * perSecond)
        ended.push(send(ended.length).finally(() => (answered += 1)));
      await delay(2);
    }
  }

  const sending = sendAll();
  return {
    async steady() {
      while (answered < 100 || ended.length - answered > FEW_WAIT) await delay(20);
    },
    async stop() {
      stopping.abort();
      await sending;
      const all = await Promise.all(ended);
      agent.destroy();
      return all;
    },
  };
}
