// Retry policy shared by all clients.
import type { GraphQLFormattedError } from 'graphql';

/** Maximum number of attempts, including the first. */
export const MAX_ATTEMPTS = 3;

/** If the gateway asks for a longer wait in seconds, such as until the next minute, the user sees the error at once. */
const MAX_RETRY_AFTER = 10;

/** A request without a response may have been executed, as after SERVICE_UNAVAILABLE. */
const NO_RESPONSE = { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 };

/** The mutations that are not idempotent without an idempotency key. The input of `createList` cannot have one. */
const NEED_KEY = ['createUser', 'addEvent', 'createList'];

/** Whether executing a mutation twice has the same effect as once. @param mutation the root field. */
export const isIdempotent = (mutation: string, input: unknown): boolean =>
  !NEED_KEY.includes(mutation) || Object(input).idempotencyKey != null;

/**
 * Returns the time in ms after which to retry a request; undefined if a retry is useless or unsafe.
 * @param errors of the response; undefined or empty if there is no response of the gateway.
 * @param isSafe whether the request is a query or an idempotent mutation.
 */
export function retryDelay(errors: readonly GraphQLFormattedError[] | undefined, isSafe: boolean): number | undefined {
  const [error] = errors ?? [];
  const { code, retryAfter } = error ? (error.extensions ?? {}) : NO_RESPONSE;
  if (typeof retryAfter !== 'number' || retryAfter > MAX_RETRY_AFTER) return undefined;
  // RATE_LIMITED and CONFLICT mean that nothing was written.
  if (code === 'SERVICE_UNAVAILABLE' && !isSafe) return undefined;
  // Jitter, so that clients do not retry at the same time.
  return retryAfter * 1000 * (1 + Math.random() / 2);
}

/** Sends a request, and retries it. @param errorsOf returns the `errors` of the response that `send` has thrown. */
export async function withRetries<Response>(
  send: () => Promise<Response>,
  isSafe: boolean,
  errorsOf: (error: unknown) => readonly GraphQLFormattedError[] | undefined,
): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const delay = retryDelay(errorsOf(error), isSafe);
      if (delay === undefined || attempt === MAX_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
}
