import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Client } from 'pg';
import { startServer } from '../contestants/server-process.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { cpuMs } from '../measure/process.ts';

/** Marks the gateway's connections, so that their processes can be found. */
const APPLICATION_NAME = 'usergraph-bench-segments';

/** Database connections of the gateway; usergraph's default. */
const POOL_SIZE = 10;

const REQUEST_MS = 10_000;

/** CPU time in ms since some instant. */
export interface CpuTime {
  /** Of the process that computes segments. */
  client: number;
  /** Of PostgreSQL's processes for its connections; undefined if they run on another machine. */
  server: number | undefined;
}

/** A gateway as in production. */
export interface Gateway {
  url: string;
  /** Starts to measure the gateway's CPU time. @returns a function that ends it. */
  measureCpu(): Promise<() => Promise<CpuTime>>;
}

/** Starts a gateway. @param stack stops it. */
export async function startGateway(databaseUrl: string, client: Client, stack: AsyncDisposableStack): Promise<Gateway> {
  const url = new URL(databaseUrl);
  url.searchParams.set('application_name', APPLICATION_NAME);
  const server = stack.use(
    await startServer(usergraph, { databaseUrl: url.href, workspaceId: '', poolSize: POOL_SIZE }),
  );
  return {
    url: server.url,
    measureCpu: async () => {
      const [start, backends] = await Promise.all([cpuMs(server.pid), measureBackends(client, APPLICATION_NAME)]);
      return async () => ({ client: (await cpuMs(server.pid)) - start, server: await backends() });
    },
  };
}

/** Starts to measure the CPU time of this process and of PostgreSQL's processes for its connections. */
export async function measureOwnCpu(client: Client): Promise<() => Promise<CpuTime>> {
  const backends = await measureBackends(client, '');
  const start = process.cpuUsage();
  return async () => {
    const { user, system } = process.cpuUsage(start);
    return { client: (user + system) / 1_000, server: await backends() };
  };
}

/** A connection that is closed meanwhile is not counted. */
async function measureBackends(client: Client, applicationName: string): Promise<() => Promise<number | undefined>> {
  const read = async () => {
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
      [applicationName],
    );
    const times = rows.map(async ({ pid }) => [pid, await cpuMs(pid)] as const);
    return new Map(await Promise.all(times));
  };
  const start = await read().catch(() => undefined);
  return async () => {
    const end = await read().catch(() => undefined);
    if (!start || !end) return undefined;
    return [...end].reduce((sum, [pid, ms]) => sum + ms - (start.get(pid) ?? 0), 0);
  };
}

/** Sends a GraphQL request. @throws {Error} if the response contains errors or not the expected text. */
export type SendDocument = (document: string, variables: object, expectedText: string) => Promise<string>;

/** @param connections at most. */
export function createSender(
  url: string,
  credentials: { publicKey: string; secret: string },
  connections: number,
): SendDocument {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const authorization = `Basic ${btoa(`${credentials.publicKey}:${credentials.secret}`)}`;
  return async (query, variables, expectedText) => {
    const body = JSON.stringify({ query, variables });
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
      authorization,
    };
    const signal = AbortSignal.timeout(REQUEST_MS);
    const sent = request(url, { agent, method: 'POST', headers, signal }).end(body);
    // `once` rejects with the error of the request.
    const [response]: IncomingMessage[] = await once(sent, 'response');
    const answer = response ? await text(response) : '';
    if (!answer.includes(expectedText) || answer.includes('"errors":')) {
      throw new Error(`A write failed with ${response?.statusCode}: ${answer.slice(0, 500)}`);
    }
    return answer;
  };
}
