import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, vi } from 'vitest';
import { createKey } from '../../src/auth/keys.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from './app.ts';
import { createDatabase } from './database.ts';
import { type GatewayProcess, type Start, startGateway } from './gateway-process.ts';

/** The JSON log lines whose message contains a text or matches a pattern, with the pids of the processes that wrote them. */
export function logLines({ output }: GatewayProcess, message: string | RegExp): { pid: number; msg: string }[] {
  const lines = output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
  return lines.filter(({ msg }) => String(msg).match(message));
}

/** The distinct processes that logged a message. */
export const pidsThatLogged = (gateway: GatewayProcess, message: string | RegExp): number[] => [
  ...new Set(logLines(gateway, message).map(({ pid }) => pid)),
];

/** All workers that the gateway has started so far, including those that have exited. */
export const workerPids = (gateway: GatewayProcess): number[] => pidsThatLogged(gateway, 'Server listening');

/** Repeats a check until it succeeds; the timeout is long enough for a busy machine. */
export const waitUntil = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: 60_000, interval: 20 });

/** Whether a process is running. */
export function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface Answer {
  status: number | undefined;
  body: string;
}

async function readAnswer(sent: ClientRequest): Promise<Answer> {
  const [response]: IncomingMessage[] = await once(sent, 'response');
  return { status: response?.statusCode, body: response ? await text(response) : '' };
}

/** Sends a GraphQL operation on a new connection, so that any worker may get it. */
export async function sendOnNewConnection(address: string, authorization: string, query: string): Promise<Answer> {
  const sent = request(`${address}/graphql`, {
    method: 'POST',
    agent: false,
    headers: { authorization, 'content-type': 'application/json' },
  });
  const answer = readAnswer(sent);
  sent.end(JSON.stringify({ query }));
  return answer;
}

/**
 * Sends the headers of a request and waits until a worker has accepted it.
 * @returns a function that sends the body and returns the answer.
 */
export async function beginRequest(address: string, authorization: string, query: string) {
  const sent = request(`${address}/graphql`, {
    method: 'POST',
    agent: false,
    headers: { authorization, 'content-type': 'application/json', expect: '100-continue' },
  });
  sent.flushHeaders();
  const answer = readAnswer(sent);
  await once(sent, 'continue');
  return () => {
    sent.end(JSON.stringify({ query }));
    return answer;
  };
}

/** Starts a gateway with two workers on its own database, with a key that has every scope. */
export async function startTwoWorkers(environment: Record<string, string> = {}, start?: Start) {
  const database = await createDatabase();
  const { id } = await createWorkspace(database.db, 'Owner');
  const key = await createKey(database.db, id, scopes);
  const gateway = await startGateway(
    { DATABASE_URL: database.connection.connectionString, WORKERS: '2', ...environment },
    start,
  );
  // Workers write their log lines in batches.
  await waitUntil(() => expect(workerPids(gateway)).toHaveLength(2));
  return {
    gateway,
    databaseUrl: database.connection.connectionString,
    owner: basic(key.publicKey, key.secret),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
