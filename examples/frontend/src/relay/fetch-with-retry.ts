import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime';
import { showRetryNotice } from './retry-notice.tsx';

/** Maximum number of retries. */
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
    await showRetryNotice(new Promise((resolve) => setTimeout(resolve, retryAfter * 1000)));
  }
}

/** Without a response of the gateway, the operation may have been executed, as after SERVICE_UNAVAILABLE. */
async function send({ text, name }: RequestParameters, variables: Variables): Promise<GatewayResponse> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: text, operationName: name, variables }),
    });
    return await response.json();
  } catch {
    const message = 'The server cannot be reached. Check your connection and try again.';
    return { errors: [{ message, extensions: { code: 'UNREACHABLE', retryAfter: 1 } }] };
  }
}

/** RATE_LIMITED and CONFLICT mean that nothing was written. After other errors, the operation may have been executed. */
function isSafeToRetry(code: string, { operationKind, name }: RequestParameters, variables: Variables): boolean {
  if (code === 'RATE_LIMITED' || code === 'CONFLICT') return true;
  const isIdempotent = idempotentMutations.has(name) || variables.input?.idempotencyKey !== undefined;
  return operationKind === 'query' || isIdempotent;
}
