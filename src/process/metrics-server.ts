import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { MetricsSettings } from '../config/index.ts';
import { StartError } from '../dev/start-error.ts';
import type { Stop } from './lifecycle.ts';

/** Time limits in ms of a scraper's request and of its idle connection. */
const REQUEST_MS = 5_000;
const KEEP_ALIVE_MS = 75_000;

/** Maximum number of open connections: scrapers need few. */
const MAX_CONNECTIONS = 100;

/** The text format of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What collects metrics. */
interface MetricsSource {
  /** Their current values in the text format of Prometheus. */
  text(): Promise<string>;
}

/**
 * Serves metrics from before a start until after the stop, so that the time in which the gateway is not ready is visible.
 * @param settings undefined: only starts.
 * @param collect starts to collect metrics. It imports what that needs, which a gateway without metrics does not load.
 * @throws {StartError} if the address cannot be listened on.
 */
export async function startMetrics<Source extends MetricsSource>(
  settings: MetricsSettings | undefined,
  log: Logger,
  collect: () => Promise<Source>,
  start: (source?: Source) => Promise<Stop>,
): Promise<Stop> {
  if (!settings) return start();
  const source = await collect();
  const server = await listen(settings, log, () => source.text());
  try {
    const stop = await start(source);
    return async () => {
      await stop();
      await close(server);
    };
  } catch (error) {
    await close(server);
    throw error;
  }
}

async function listen({ port, host, token }: MetricsSettings, log: Logger, read: () => Promise<string>) {
  const respond = createResponder(token, log, read);
  const server = createServer({ requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS }, respond);
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`Cannot serve metrics: ${reason}. Set METRICS_HOST and METRICS_PORT to a free address.`);
  }
  const address = server.address();
  const listeningPort = typeof address === 'object' && address ? address.port : port;
  log.info(`metrics are served at http://${host.includes(':') ? `[${host}]` : host}:${listeningPort}/metrics`);
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Answers `GET /metrics`. Simultaneous scrapes share one reading. */
function createResponder(token: string | undefined, log: Logger, read: () => Promise<string>) {
  let reading: Promise<string> | undefined;
  const readOnce = () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, headers = {} } = check(request, token);
    if (status !== 200) return send(response, status, 'text/plain; charset=utf-8', '', headers);
    try {
      send(response, 200, CONTENT_TYPE, await readOnce());
    } catch (error) {
      log.error({ err: error }, 'cannot read metrics');
      send(response, 500, 'text/plain; charset=utf-8', '');
    }
  };
}

/** The status of a request and, if it is rejected, the headers that its response requires. */
function check({ headers, method = '', url = '' }: IncomingMessage, token: string | undefined) {
  const { authorization = '' } = headers;
  if (token !== undefined && !isSame(/^Bearer +(.*)$/i.exec(authorization)?.[1] ?? '', token)) {
    return { status: 401, headers: { 'www-authenticate': 'Bearer realm="metrics"' } };
  }
  if (url.split('?', 1)[0] !== '/metrics') return { status: 404 };
  return method === 'GET' || method === 'HEAD' ? { status: 200 } : { status: 405, headers: { allow: 'GET, HEAD' } };
}

/** Compares secrets in a time that depends on neither. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}
