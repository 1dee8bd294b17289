import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnFreePort } from './free-ports.ts';

/** Interval of the health checks in ms. */
const CHECK_MS = 100;

/** A load balancer that sends each request to the next gateway that is ready, and never sends a request again. */
export interface RoundRobinProxy extends AsyncDisposable {
  address: string;
  /** Adds a gateway, and waits until its health check succeeds. */
  add(backend: string): Promise<void>;
  /** The number of requests that each gateway has got, by its address. */
  counts: ReadonlyMap<string, number>;
  /** The number of failed health checks of a gateway that was ready before. */
  failedChecks(): number;
}

/** Starts a proxy that asks each gateway for `/health/ready` every 100 ms, and sends requests only to those that answer 200. */
export async function startRoundRobinProxy(): Promise<RoundRobinProxy> {
  const agent = new Agent({ keepAlive: true });
  const ready = new Map<string, boolean>();
  const counts = new Map<string, number>();
  const ending = new AbortController();
  let failedChecks = 0;
  let turn = 0;

  function forward(received: IncomingMessage, response: ServerResponse): void {
    const backends = [...ready].filter(([, isReady]) => isReady).map(([backend]) => backend);
    const backend = backends[turn++ % backends.length];
    if (backend === undefined) return void response.writeHead(502).end('no gateway is ready');
    counts.set(backend, (counts.get(backend) ?? 0) + 1);
    // Both concern one connection; the agent sends its own `connection` header.
    const { connection: _connection, expect: _expect, ...headers } = received.headers;
    const sent = request(`${backend}${received.url}`, { method: received.method, headers, agent });
    sent.on('error', (error) => response.writeHead(502).end(`${error}`));
    sent.on('response', (answer) => {
      const { connection: _, ...answered } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, answered);
      answer.pipe(response);
    });
    received.pipe(sent);
  }

  async function check(backend: string): Promise<void> {
    const isReady = await fetch(`${backend}/health/ready`, { headers: { connection: 'close' } }).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready.get(backend) && !isReady) failedChecks += 1;
    ready.set(backend, isReady);
  }

  async function repeatChecks(backend: string): Promise<void> {
    while (!ending.signal.aborted) {
      await delay(CHECK_MS);
      await check(backend);
    }
  }

  // Without a timeout for idle connections, a request cannot meet a connection that is being closed.
  const server = createServer({ keepAliveTimeout: 0 }, forward);
  const port = await listenOnFreePort(server);
  return {
    address: `http://127.0.0.1:${port}`,
    counts,
    failedChecks: () => failedChecks,
    async add(backend) {
      while (!ready.get(backend)) {
        await check(backend);
        await delay(CHECK_MS);
      }
      void repeatChecks(backend);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
