import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A response, and its latency. */
export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  ms: number;
}

/** The options of a request. */
export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A client of a gateway with keep-alive connections. @param connections the maximum number of connections. */
export function asking(address: string, connections = 20) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const started = performance.now();
      const sent = request(address + path, { agent, method, headers }, async (response) => {
        const bytes = await buffer(response);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes.toString('utf8'),
          ms: performance.now() - started,
        });
      });
      sent.on('error', reject).end(body);
    });
  return {
    ask,
    /** Sends a GraphQL request. */
    graphql: (authorization: string | undefined, params: unknown, headers: Record<string, string> = {}) =>
      ask('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}), ...headers },
        body: typeof params === 'string' ? params : JSON.stringify(params),
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}
