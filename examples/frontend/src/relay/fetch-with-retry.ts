import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime';
import { noteRetry } from './retry-notice.tsx';

const MAX_RETRIES = 3;
/** The gateway can ask for longer, for example until the points of a key are refilled. Users then retry themselves. */
const MAX_WAIT_SECONDS = 15;

interface GatewayResponse {
  data?: object | null;
  errors?: { message: string; extensions?: { code?: string; retryAfter?: number } }[];
}

/** An entry of `errors` in a response, or a response that is not from the gateway. */
export class GatewayError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Sends an operation, and sends it again after as many seconds as the gateway asks for, if that is safe.
 *
 * @throws {GatewayError} for the first entry of `errors`.
 */
export async function fetchWithRetry(operation: RequestParameters, variables: Variables): Promise<GraphQLResponse> {
  for (let retries = 0; ; retries += 1) {
    const { data, errors } = await send(operation, variables);
    const [error] = errors ?? [];
    if (!error) return { data: data ?? {} };

    const { code = '', retryAfter = Number.POSITIVE_INFINITY } = error.extensions ?? {};
    const canRetry = retries < MAX_RETRIES && retryAfter <= MAX_WAIT_SECONDS;
    if (!canRetry || !isSafeToRetry(code, operation, variables)) throw new GatewayError(error.message, code);
    await noteRetry(new Promise((resolve) => setTimeout(resolve, retryAfter * 1000)));
  }
}

async function send({ text, name }: RequestParameters, variables: Variables): Promise<GatewayResponse> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query: text, operationName: name, variables }),
  });
  try {
    return await response.json();
  } catch {
    throw new GatewayError(`The gateway cannot be reached (status ${response.status}).`, 'UNREACHABLE');
  }
}

/** After SERVICE_UNAVAILABLE, a write may have been committed: it is repeated only if the gateway recognizes the repetition. */
function isSafeToRetry(code: string, { operationKind }: RequestParameters, variables: Variables): boolean {
  if (code === 'RATE_LIMITED' || code === 'CONFLICT') return true;
  const isRepeatable = operationKind === 'query' || variables.input?.idempotencyKey !== undefined;
  return code === 'SERVICE_UNAVAILABLE' && isRepeatable;
}
