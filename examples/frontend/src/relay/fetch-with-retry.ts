import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime';
import { showRetryNotice } from './retry-notice.tsx';

/** Maximum number of retries. Users see a notice meanwhile, so that they are more and longer than in examples/clients/retry.ts. */
const MAX_RETRIES = 3;
/** The gateway can ask for longer, for example until the points of a key are refilled. Users then retry themselves. */
const MAX_WAIT_SECONDS = 15;

interface GatewayResponse {
  data?: object | null;
  errors?: { message: string; extensions?: { code?: string; retryAfter?: number } }[];
}

/** An entry of `errors` in a response, or the lack of a response. */
export class GatewayError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The mutations that can be repeated without an idempotency key. */
const idempotentMutations = new Set(['editUserMutation', 'deleteUserMutation', 'listMembershipsMutation']);

/**
 * Sends an operation, and sends it again after as many seconds as the gateway asks for, if that is safe.
 *
 * @throws {GatewayError} for the first entry of `errors`, also if the response has data: components would show the null of a field
 * that failed as an object that does not exist.
 */
export async function fetchWithRetry(operation: RequestParameters, variables: Variables): Promise<GraphQLResponse> {
  for (let retries = 0; ; retries += 1) {
    const { data, errors } = await send(operation, variables);
    const [error] = errors ?? [];
    if (!error) return { data: data ?? {} };

    const { code = '', retryAfter = Number.POSITIVE_INFINITY } = error.extensions ?? {};
    const canRetry = retries < MAX_RETRIES && retryAfter <= MAX_WAIT_SECONDS;
    if (!canRetry || !isSafeToRetry(code, operation, variables)) throw new GatewayError(error.message, code);
    // Jitter, so that clients do not retry at the same time.
    const delay = retryAfter * 1000 * (1 + Math.random() / 2);
    await showRetryNotice(new Promise((resolve) => setTimeout(resolve, delay)));
  }
}

/** The response if there is none of the gateway, for example because a proxy has answered. */
const NO_RESPONSE: GatewayResponse = {
  errors: [
    {
      message: 'The server cannot be reached. Check your connection and try again.',
      extensions: { code: 'UNREACHABLE', retryAfter: 1 },
    },
  ],
};

/** Without a response of the gateway, the operation may have been executed, as after SERVICE_UNAVAILABLE. */
async function send({ text, name }: RequestParameters, variables: Variables): Promise<GatewayResponse> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    const body: GatewayResponse = await response.json();
    return body.data || body.errors?.length ? body : NO_RESPONSE;
  } catch {
    return NO_RESPONSE;
  }
}

/** RATE_LIMITED and CONFLICT mean that nothing was written. After other errors, the operation may have been executed. */
function isSafeToRetry(code: string, { operationKind, name }: RequestParameters, variables: Variables): boolean {
  if (code === 'RATE_LIMITED' || code === 'CONFLICT') return true;
  const isIdempotent = idempotentMutations.has(name) || variables.input?.idempotencyKey != null;
  return operationKind === 'query' || isIdempotent;
}
