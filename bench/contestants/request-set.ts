import { z } from 'zod';
import type { Inputs, OperationName } from '../operations.ts';
import type { OperationRequest, ServerSettings } from './contestant.ts';
import type { ServerProcess } from './server-process.ts';

const TIMEOUT_MS = 10_000;

/** The requests of one operation to one server. */
export interface RequestSet {
  server: ServerProcess;
  /** Request bodies, one per input. */
  bodies: string[];
  headers: Record<string, string>;
  /** Sends a request and returns its normalized `data`. @throws {Error} if the response is not correct. */
  send(body: string): Promise<unknown>;
  /** Whether a response body contains the expected text and no errors. */
  isCorrect(text: string): boolean;
}

/** Creates the requests of an operation, or returns undefined if the server does not support it. */
export function createRequestSet<Name extends OperationName>(
  server: ServerProcess,
  settings: ServerSettings,
  operation: Name,
  inputs: readonly Inputs[Name][],
): RequestSet | undefined {
  const { contestant, url } = server;
  const request: OperationRequest<Inputs[Name]> | undefined = contestant.requests(settings)[operation];
  if (!request) return undefined;
  const { document, variables, dataSchema, expectedText } = request;
  const operationName = /^\w+ (\w+)/.exec(document)?.[1];
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...contestant.headers };
  const isCorrect = (text: string) => text.includes(expectedText) && !text.includes('"errors":');
  return {
    server,
    headers,
    isCorrect,
    bodies: inputs.map((input) => JSON.stringify({ operationName, query: document, variables: variables(input) })),
    send: async (body) => {
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
      const text = await response.text();
      if (!response.ok || !isCorrect(text)) {
        throw new Error(`${operation} on ${contestant.name} failed with ${response.status}: ${text.slice(0, 2000)}`);
      }
      const parsed = z.object({ data: dataSchema }).safeParse(JSON.parse(text));
      if (!parsed.success) {
        const issues = z.prettifyError(parsed.error);
        throw new Error(`${operation} on ${contestant.name} returned invalid data: ${issues}\n${text.slice(0, 500)}`);
      }
      return parsed.data.data;
    },
  };
}
