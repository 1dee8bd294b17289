import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { createKey } from '../../src/auth/keys.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from './app.ts';
import { createDatabase } from './database.ts';
import { type GatewayProcess, type Start, startGateway } from './gateway-process.ts';

/** The lines of its log that say something, with the processes that said it. */
export function logged({ output }: GatewayProcess, said: string | RegExp): { pid: number; msg: string }[] {
  const lines = output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
  return lines.filter(({ msg }) => String(msg).match(said));
}

/** The processes of its log that said something. */
export const pidsThat = (gateway: GatewayProcess, said: string | RegExp): number[] => [
  ...new Set(logged(gateway, said).map(({ pid }) => pid)),
];

/** The workers that it has started so far. */
export const workersOf = (gateway: GatewayProcess): number[] => pidsThat(gateway, 'Server listening');

/** Waits for something that takes a slow machine long. */
export const eventually = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Whether a process runs. */
export function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** An answer, on a connection of its own. */
export interface Answer {
  status: number | undefined;
  body: string;
}

async function answerOf(asked: ClientRequest): Promise<Answer> {
  const [response]: IncomingMessage[] = await once(asked, 'response');
  return { status: response?.statusCode, body: response ? await text(response) : '' };
}

/** Sends a GraphQL operation on a connection of its own, so that any worker may get it. */
export async function askAnew(address: string, authorization: string, query: string): Promise<Answer> {
  const asked = request(`${address}/graphql`, {
    method: 'POST',
    agent: false,
    headers: { authorization, 'content-type': 'application/json' },
  });
  const answer = answerOf(asked);
  asked.end(JSON.stringify({ query }));
  return answer;
}

/** Begins a request, and waits until a worker has it. @returns what sends the rest, and gives the answer. */
export async function beginRequest(address: string, authorization: string, query: string) {
  const asked = request(`${address}/graphql`, {
    method: 'POST',
    agent: false,
    headers: { authorization, 'content-type': 'application/json', expect: '100-continue' },
  });
  asked.flushHeaders();
  const answer = answerOf(asked);
  await once(asked, 'continue');
  return () => {
    asked.end(JSON.stringify({ query }));
    return answer;
  };
}

/** Starts a gateway of two workers on a database of its own, with a key that has every scope. */
export async function startTwoWorkers(environment: Record<string, string> = {}, start?: Start) {
  const database = await createDatabase();
  const { id } = await createWorkspace(database.db, 'Owner');
  const key = await createKey(database.db, id, scopes);
  const gateway = await startGateway(
    { DATABASE_URL: database.connection.connectionString, WORKERS: '2', ...environment },
    start,
  );
  return {
    gateway,
    owner: basic(key.publicKey, key.secret),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
