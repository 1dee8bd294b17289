import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** The outcome of a request. */
export interface Ended {
  /** Its number, which is in its event, and its `x-request-id`. */
  number: number;
  /** Its status and body, or the code of the socket's error. */
  status: number | string;
  body: string;
  /** When it was sent, in ms since the epoch. */
  sent: number;
  /** Whether the gateway began to process it: requested its body, or began to respond. */
  begun: boolean;
  /** When the response arrived or the connection broke, in ms since the epoch. */
  ended: number;
}

/** Requests sent at a fixed rate, without waiting for responses, on keep-alive connections. */
export interface Load {
  /** Waits until the gateway keeps up: a hundred responses have arrived, and few are outstanding. */
  steady(): Promise<void>;
  /** Stops sending. @returns the outcome of each request. */
  stop(): Promise<Ended[]>;
}

/**
 * Every ninth request sends its body only after the gateway requests it (`expect: 100-continue`), which shows that it has
 * begun.
 */
const BODY_ON_REQUEST_EVERY = 9;

/** The delay of such a body in ms, so that some requests are always in flight. */
const BODY_MS = 200;

/** Maximum number of outstanding requests if the gateway keeps up; most of them have a delayed body. */
const MAX_OUTSTANDING = 12;

/** The operations: reads and writes alternate. */
const documentOf = (number: number) =>
  number % 2 === 0
    ? '{ users(first: 5) { nodes { uid meta } } }'
    : `mutation { addEvent(input: { uid: "u", name: "Sent", value: ${number} }) { ... on AddEventPayload { event { id } } } }`;

/** Sends this many requests per second. */
export function startLoad(address: string, authorization: string, perSecond: number): Load {
  const agent = new Agent({ keepAlive: true });
  const stopping = new AbortController();
  const ended: Promise<Ended>[] = [];
  let answered = 0;

  function begin(number: number): ClientRequest {
    const headers = { authorization, 'content-type': 'application/json', 'x-request-id': `load-${number}` };
    const to = { method: 'POST', agent };
    const body = JSON.stringify({ query: documentOf(number) });
    if (number % BODY_ON_REQUEST_EVERY !== 0) return request(`${address}/graphql`, { ...to, headers }).end(body);
    const sent = request(`${address}/graphql`, { ...to, headers: { ...headers, expect: '100-continue' } });
    sent.on('continue', () => setTimeout(() => sent.end(body), BODY_MS)).flushHeaders();
    return sent;
  }

  async function send(number: number): Promise<Ended> {
    const sent = Date.now();
    let begun = false;
    const clientRequest = begin(number).on('continue', () => (begun = true));
    const end = (status: number | string, body = ''): Ended => ({
      number,
      sent,
      begun,
      status,
      body,
      ended: Date.now(),
    });
    try {
      const [response]: IncomingMessage[] = await once(clientRequest, 'response');
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
      while (answered < 100 || ended.length - answered > MAX_OUTSTANDING) await delay(20);
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
