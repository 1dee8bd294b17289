import { z } from 'zod';
import type { Inputs, OperationName } from '../operations.ts';
import type { Contestant, OperationRequest, ServerSettings } from './contestant.ts';
import type { ServerProcess } from './server-process.ts';

const TIMEOUT_MS = 10_000;

/** A request to a server. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** The requests of one operation to one server. */
export interface RequestSet {
  server: ServerProcess;
  /** One per input. */
  requests: HttpRequest[];
  /** Sends a request and returns its normalized `data`. @throws {Error} if the response is not correct. */
  send(request: HttpRequest): Promise<unknown>;
  /** Whether a response body contains the expected text and no errors. */
  isCorrect(text: string): boolean;
}

/** A GraphQL request. */
export function postRequest({ path, headers }: Contestant, body: object): HttpRequest {
  return {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

function toHttpRequest<Input>(contestant: Contestant, request: OperationRequest<Input>, input: Input): HttpRequest {
  if ('path' in request) return { method: 'GET', path: request.path(input), headers: { ...contestant.headers } };
  if ('body' in request) return postRequest(contestant, request.body(input));
  const { document, variables } = request;
  const operationName = /^\w+ (\w+)/.exec(document)?.[1];
  return postRequest(contestant, { operationName, query: document, variables: variables(input) });
}

/** Creates the requests of an operation, or returns undefined if the server does not support it. */
export function createRequestSet<Name extends OperationName>(
  server: ServerProcess,
  settings: ServerSettings,
  operation: Name,
  inputs: readonly Inputs[Name][],
): RequestSet | undefined {
  const { contestant } = server;
  const request: OperationRequest<Inputs[Name]> | undefined = contestant.requests(settings)[operation];
  if (!request) return undefined;
  const { dataSchema, expectedText } = request;
  const isCorrect = (text: string) => text.includes(expectedText) && !text.includes('"errors":');
  return {
    server,
    isCorrect,
    requests: inputs.map((input) => toHttpRequest(contestant, request, input)),
    send: async ({ path, ...init }) => {
      const response = await fetch(`${server.origin}${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
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
