import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
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
}

/** Requests that are sent at a rate whether others are answered or not, on connections that are kept. */
export interface Load {
  /** Waits until a hundred were answered, and hardly any waits for its answer: until the gateway keeps up. */
  steady(): Promise<void>;
  /** Sends no more. @returns how each has ended. */
  stop(): Promise<Ended[]>;
}

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

  async function send(number: number): Promise<Ended> {
    const sent = Date.now();
    const headers = { authorization, 'content-type': 'application/json', 'x-request-id': `load-${number}` };
    const asked = request(`${address}/graphql`, { method: 'POST', agent, headers });
    asked.end(JSON.stringify({ query: documentOf(number) }));
    try {
      const [response]: IncomingMessage[] = await once(asked, 'response');
      return { number, sent, status: response?.statusCode ?? 0, body: response ? await text(response) : '' };
    } catch (error) {
      return {
        number,
        sent,
        status: error instanceof Error && 'code' in error ? String(error.code) : `${error}`,
        body: '',
      };
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
      while (answered < 100 || ended.length - answered > 5) await delay(20);
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
